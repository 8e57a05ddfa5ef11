-- Give back one attempt of a budget. KEYS: the budget, as when it is whole again. ARGV: now, interval (us).
local now = tonumber(ARGV[1])
local due = tonumber(redis.call('GET', KEYS[1]) or 0) - tonumber(ARGV[2])
if due > now then
    redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', string.format('%.0f', math.ceil((due - now) / 1000)))
else
    redis.call('DEL', KEYS[1])
end
return 0
