-- POST /carts/{userId}/items {"sku":…,"qty":1,"storeId":"store-0"}, a user and a SKU at random.
-- Arguments: number of SKUs, nonce of this run, "keyed" or "bare" (with an Idempotency-Key or not),
-- rows in a batch (of no use here), number of users.

dofile("outcome.lua")

local random = math.random
local users, skus, head, keyed
local bodies = {}
local sent = 0

function init(args)
   skus = tonumber(args[1])
   keyed = args[3] == "keyed"
   users = tonumber(args[5])
   math.randomseed(tonumber(string.sub(args[2], 1, 7), 16) + thread_number)
   for sku = 0, skus - 1 do
      local body = '{"sku":"sku-' .. sku .. '","qty":1,"storeId":"store-0"}'
      bodies[sku] = "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
   end
   head = "/items HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port
      .. "\r\nContent-Type: application/json"
   if keyed then
      head = head .. "\r\nIdempotency-Key: " .. args[2] .. "-" .. thread_number .. "-"
   end
end

function request()
   local path = "POST /carts/user-" .. random(0, users - 1) .. head
   if keyed then
      sent = sent + 1
      return path .. sent .. bodies[random(0, skus - 1)]
   end
   return path .. bodies[random(0, skus - 1)]
end
