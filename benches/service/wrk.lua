-- wrk with another credential for each request: wrk … -- "Authorization: Token " FILE
-- The requests are made before the first is sent, so that the generator is not what is measured.

local requests, number = {}, 0

function init(arguments)
    local name, prefix = arguments[1]:match("^([^:]+): (.*)$")
    for value in io.lines(arguments[2]) do
        requests[#requests + 1] = wrk.format(nil, nil, { ["Host"] = wrk.headers["Host"], [name] = prefix .. value })
    end
end

function request()
    number = number % #requests + 1
    return requests[number]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests": %d, "seconds": %f, "refused": %d, "failed": %d, "p50": %f, "p99": %f}\n',
        summary.requests, summary.duration / 1e6, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50) / 1e3, latency:percentile(99) / 1e3
    ))
end
