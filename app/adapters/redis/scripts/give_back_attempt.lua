-- Give one attempt back to each rate limit. A rate limit is stored as the time at which it is full (us).
-- KEYS: the rate limits. ARGV: now (us), then the interval of each rate limit (us).
local now = tonumber(ARGV[1])
for number, key in ipairs(KEYS) do
    local full_at = tonumber(redis.call('GET', key) or 0) - tonumber(ARGV[number + 1])
    if full_at > now then
        local lifetime_ms = math.ceil((full_at - now) / 1000)
        redis.call('SET', key, string.format('%.0f', full_at), 'PX', string.format('%.0f', lifetime_ms))
    else
        redis.call('DEL', key)
    end
end
return 0
