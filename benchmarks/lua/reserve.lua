-- POST /stores/{storeId}/inventory/{sku}/reserve {"qty":1}, one SKU at random each time.
-- Arguments: number of SKUs, nonce of this run, "keyed" or "bare" (with an Idempotency-Key or not),
-- rows, users and reads (of no use here), "shared" or "alone" (look for LockHeld or not).
-- The request is put together from ready-made pieces: wrk must stay far cheaper than the server.

dofile("outcome.lua")

local random = math.random
local skus, head, tail, keyed
local sent = 0

function init(args)
   skus = tonumber(args[1])
   keyed = args[3] == "keyed"
   if args[7] == "shared" then
      look_for_held()
   end
   math.randomseed(tonumber(string.sub(args[2], 1, 7), 16) + thread_number)
   local body = '{"qty":1}'
   head = "/reserve HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port
      .. "\r\nContent-Type: application/json\r\nContent-Length: " .. #body .. "\r\n"
   tail = "\r\n" .. body
   if keyed then
      head = head .. "Idempotency-Key: " .. args[2] .. "-" .. thread_number .. "-"
      tail = "\r\n" .. tail
   end
end

function request()
   local sku = random(0, skus - 1)
   local path = "POST /stores/store-" .. sku % 10 .. "/inventory/sku-" .. sku
   if keyed then
      sent = sent + 1
      return path .. head .. sent .. tail
   end
   return path .. head .. tail
end
