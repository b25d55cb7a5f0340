-- Reads and writes, one SKU at random each time: GET /stores/{storeId}/inventory/{sku}, and for the
-- rest of the percent POST …/reserve {"qty":1}.
-- Arguments: number of SKUs, nonce of this run, "keyed" or "bare" (with an Idempotency-Key or not),
-- rows and users (of no use here), percent of reads, "shared" or "alone" (look for LockHeld or not).

dofile("outcome.lua")

local random = math.random
local skus, get, post, tail, keyed, reads

function init(args)
   skus = tonumber(args[1])
   keyed = args[3] == "keyed"
   reads = tonumber(args[6])
   if args[7] == "shared" then
      look_for_held()
   end
   math.randomseed(tonumber(string.sub(args[2], 1, 7), 16) + thread_number)
   local body = '{"qty":1}'
   get = " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port .. "\r\n\r\n"
   post = "/reserve HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port
      .. "\r\nContent-Type: application/json\r\nContent-Length: " .. #body .. "\r\n"
   tail = "\r\n" .. body
   if keyed then
      post = post .. "Idempotency-Key: " .. args[2] .. "-" .. thread_number .. "-"
      tail = "\r\n" .. tail
   end
end

function request()
   local sku = random(0, skus - 1)
   local place = "/stores/store-" .. sku % 10 .. "/inventory/sku-" .. sku
   if random(100) <= reads then
      return "GET " .. place .. get
   end
   writes = writes + 1
   return "POST " .. place .. post .. (keyed and writes or "") .. tail
end
