-- Take one attempt of a budget. KEYS: the budget, as when it is whole again. ARGV: now, interval, tolerance, and how far
-- ahead that can be (us).
-- Returns for how long there is none (us), 0 if it was taken. Doubles are exact for such numbers.
local now, interval = tonumber(ARGV[1]), tonumber(ARGV[2])
local due = tonumber(redis.call('GET', KEYS[1]) or 0)
if due > now + tonumber(ARGV[4]) then
    due = 0
end
local wait = due - now - tonumber(ARGV[3])
if wait > 0 then
    return wait
end
due = math.max(due, now) + interval
redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', string.format('%.0f', math.ceil((due - now) / 1000)))
return 0
