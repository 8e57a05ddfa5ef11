-- Return some of a subject's sessions: the ids and the times of the sign-ins, ordered by time and then by id.
-- KEYS: the subject's sessions.
-- ARGV: a time (s) and an id, the most sessions, and "after" for those after this place, the oldest first, or "before"
-- for those before it, the newest first.
local moment, id, limit, is_after = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4] == 'after'

-- Lua compares texts by the language of the server, so compare bytes. Return whether a session with the same time as
-- the place is not in the part that follows it.
local function is_passed(member)
    for place = 1, math.min(#member, #id) do
        local difference = member:byte(place) - id:byte(place)
        if difference ~= 0 then
            return difference < 0
        end
    end
    if #member == #id then
        return is_after
    end
    return #member < #id
end

-- Find the number of sessions before the place. Those with its time are ordered by id.
local low = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. moment)
local high = redis.call('ZCOUNT', KEYS[1], '-inf', moment)
while low < high do
    local middle = math.floor((low + high) / 2)
    if is_passed(redis.call('ZRANGE', KEYS[1], middle, middle)[1]) then
        low = middle + 1
    else
        high = middle
    end
end
if is_after then
    return redis.call('ZRANGE', KEYS[1], low, low + limit - 1, 'WITHSCORES')
end
local all = redis.call('ZCARD', KEYS[1])
return redis.call('ZRANGE', KEYS[1], all - low, all - low + limit - 1, 'REV', 'WITHSCORES')
