-- What every load script tells at its end: one JSON line on stdout, times in microseconds.
-- Also gives each thread its number, so that idempotency keys differ between threads.
-- "held" counts answers that say that another process has the lease (503 with X-Lock-Key), where
-- they are looked for; "writes" the writes that were sent, where there are reads as well.

local threads = {}

function setup(thread)
   threads[#threads + 1] = thread
   thread:set("thread_number", #threads)
   thread:set("held", 0)
   thread:set("writes", 0)
end

-- To be called in init: wrk reads headers only for a script that looks at answers.
function look_for_held()
   function response(status, headers)
      if status == 503 and headers["x-lock-key"] then
         held = held + 1
      end
   end
end

function done(summary, latency, requests)
   local errors = summary.errors
   local held, writes = 0, 0
   for _, thread in ipairs(threads) do
      held = held + thread:get("held")
      writes = writes + thread:get("writes")
   end
   io.write(string.format(
      'OUTCOME {"requests":%d,"duration_us":%d,"status_errors":%d,"socket_errors":%d,"p50_us":%d,"p99_us":%d,'
      .. '"held":%d,"writes":%d}\n',
      summary.requests, summary.duration, errors.status - held,
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50), latency:percentile(99), held, writes))
end
