-- Choose sessions of a subject that end because they are too many. Concurrent calls choose no more than all together
-- may end. Return the ids, also those that a call of the last minute chose: it may have failed to end them.
-- KEYS: the subject's sessions, the ids that are chosen.
-- ARGV: limit, number of listed sessions that are not live, lifetime of the choice (ms), then the ids of those to choose
-- from, the longest unused first.
local chosen = redis.call('SMEMBERS', KEYS[2])
local left = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[2]) - #chosen
for number = 4, #ARGV do
    if left <= tonumber(ARGV[1]) then
        break
    end
    if redis.call('ZSCORE', KEYS[1], ARGV[number]) and redis.call('SADD', KEYS[2], ARGV[number]) == 1 then
        chosen[#chosen + 1] = ARGV[number]
        left = left - 1
    end
end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return chosen
