-- What every load script tells at its end: one JSON line on stdout, times in microseconds.
-- Also gives each thread its number, so that idempotency keys differ between threads.

local threads = 0

function setup(thread)
   threads = threads + 1
   thread:set("thread_number", threads)
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      'OUTCOME {"requests":%d,"duration_us":%d,"status_errors":%d,"socket_errors":%d,"p50_us":%d,"p99_us":%d}\n',
      summary.requests, summary.duration, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50), latency:percentile(99)))
end
