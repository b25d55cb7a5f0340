-- POST /inventory/batch with N reserves of one unit, SKUs at random.
-- Arguments: number of SKUs, nonce of this run, "keyed" or "bare", rows in a batch.
-- Every row's text is made once at the start, up to the place where its key goes.

dofile("outcome.lua")

local random, concat = math.random, table.concat
local skus, rows, head, keyed
local opened, pieces = {}, {}
local sent = 0

function init(args)
   skus = tonumber(args[1])
   keyed = args[3] == "keyed"
   rows = tonumber(args[4])
   math.randomseed(tonumber(string.sub(args[2], 1, 7), 16) + thread_number)
   local ending = "}"
   if keyed then
      ending = ',"idempotencyKey":"' .. args[2] .. "-" .. thread_number .. "-"
   end
   for sku = 0, skus - 1 do
      opened[sku] = '{"op":"reserve","storeId":"store-' .. sku % 10
         .. '","sku":"sku-' .. sku .. '","qty":1' .. ending
   end
   head = "POST /inventory/batch HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port
      .. "\r\nContent-Type: application/json\r\nContent-Length: "
end

function request()
   for row = 1, rows do
      local text = opened[random(0, skus - 1)]
      if keyed then
         sent = sent + 1
         text = text .. sent .. '"}'
      end
      pieces[row] = text
   end
   local body = '{"operations":[' .. concat(pieces, ",", 1, rows) .. "]}"
   return head .. #body .. "\r\n\r\n" .. body
end
