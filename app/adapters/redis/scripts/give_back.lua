-- Give back one attempt to each budget. KEYS: the budgets, each as when it is whole again. ARGV: now, and the interval of
-- each (us).
local now = tonumber(ARGV[1])
for place, key in ipairs(KEYS) do
    local due = tonumber(redis.call('GET', key) or 0) - tonumber(ARGV[place + 1])
    if due > now then
        redis.call('SET', key, string.format('%.0f', due), 'PX', string.format('%.0f', math.ceil((due - now) / 1000)))
    else
        redis.call('DEL', key)
    end
end
return 0
