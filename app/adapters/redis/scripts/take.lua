-- Take one attempt from each budget, or from none. KEYS: the budgets, each as when it is whole again. ARGV: now, and of
-- each budget its interval, its tolerance, and how far ahead it can be whole again (us).
-- Returns for how long each has none (us), 0 for those that have; taken was if all have. Doubles are exact for such
-- numbers.
local now = tonumber(ARGV[1])
local dues, waits, refused = {}, {}, false
for place, key in ipairs(KEYS) do
    local tolerance, latest = tonumber(ARGV[3 * place]), tonumber(ARGV[3 * place + 1])
    local due = tonumber(redis.call('GET', key) or 0)
    if due > now + latest then
        due = 0
    end
    dues[place] = due
    waits[place] = math.max(0, due - now - tolerance)
    refused = refused or waits[place] > 0
end
if not refused then
    for place, key in ipairs(KEYS) do
        local due = math.max(dues[place], now) + tonumber(ARGV[3 * place - 1])
        redis.call('SET', key, string.format('%.0f', due), 'PX', string.format('%.0f', math.ceil((due - now) / 1000)))
    end
end
return waits
