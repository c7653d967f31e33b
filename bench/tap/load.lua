-- wrk's side of `npm run bench:tap`: one fixed request, each thread at its own address in turn, the figures as one JSON line.
-- TARGET is the request target (absolute for a forward proxy), HOST the origin's authority, ADDRESSES host:port,host:port,...
wrk.headers["Host"] = os.getenv("HOST")

local addresses = {}
for host, port in os.getenv("ADDRESSES"):gmatch("([%d.]+):(%d+)") do
  table.insert(addresses, { host = host, port = port })
end

local threads = 0
function setup(thread)
  local address = addresses[threads % #addresses + 1]
  thread.addr = wrk.lookup(address.host, address.port)[1]
  threads = threads + 1
end

local octets
function init()
  octets = wrk.format("GET", os.getenv("TARGET"))
end

function request()
  return octets
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"bytes":%d,"durationUs":%d,"p50Us":%d,"p99Us":%d,"errors":%d}\n',
    summary.requests, summary.bytes, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
