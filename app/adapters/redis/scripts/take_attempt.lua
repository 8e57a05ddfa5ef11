-- Take one attempt from each rate limit, or from none if one of them is used up.
-- A rate limit is stored as the time at which it is full (us). Doubles are exact for such numbers.
-- KEYS: the rate limits. ARGV: now (us), then for each rate limit: its interval, its tolerance, and how far ahead of now
-- the time at which it is full can be (us).
-- Return for each rate limit the time to wait (us). It is 0 for those that have an attempt; all are 0 if it was taken.
local now = tonumber(ARGV[1])
local full_times, waits, refused = {}, {}, false
for number, key in ipairs(KEYS) do
    local tolerance, max_ahead = tonumber(ARGV[3 * number]), tonumber(ARGV[3 * number + 1])
    local full_at = tonumber(redis.call('GET', key) or 0)
    if full_at > now + max_ahead then
        full_at = 0
    end
    full_times[number] = full_at
    waits[number] = math.max(0, full_at - now - tolerance)
    refused = refused or waits[number] > 0
end
if not refused then
    for number, key in ipairs(KEYS) do
        local full_at = math.max(full_times[number], now) + tonumber(ARGV[3 * number - 1])
        local lifetime_ms = math.ceil((full_at - now) / 1000)
        redis.call('SET', key, string.format('%.0f', full_at), 'PX', string.format('%.0f', lifetime_ms))
    end
end
return waits
