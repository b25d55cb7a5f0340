-- POST /inventory/batch with N reserves of one unit, SKUs at random.
-- Arguments: number of SKUs, nonce of this run, "keyed" or "bare" (with an Idempotency-Key for the
-- batch or not), rows in a batch. Every row's text is made once, at the start.

dofile("outcome.lua")

local random, concat = math.random, table.concat
local skus, rows, head, keyed
local texts, pieces = {}, {}
local sent = 0

function init(args)
   skus = tonumber(args[1])
   keyed = args[3] == "keyed"
   rows = tonumber(args[4])
   math.randomseed(tonumber(string.sub(args[2], 1, 7), 16) + thread_number)
   for sku = 0, skus - 1 do
      texts[sku] = '{"op":"reserve","storeId":"store-' .. sku % 10
         .. '","sku":"sku-' .. sku .. '","qty":1}'
   end
   head = "POST /inventory/batch HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port
      .. "\r\nContent-Type: application/json\r\n"
   if keyed then
      head = head .. "Idempotency-Key: " .. args[2] .. "-" .. thread_number .. "-"
   end
end

function request()
   for row = 1, rows do
      pieces[row] = texts[random(0, skus - 1)]
   end
   local body = '{"operations":[' .. concat(pieces, ",", 1, rows) .. "]}"
   local key = ""
   if keyed then
      sent = sent + 1
      key = sent .. "\r\n"
   end
   return head .. key .. "Content-Length: " .. #body .. "\r\n\r\n" .. body
end
