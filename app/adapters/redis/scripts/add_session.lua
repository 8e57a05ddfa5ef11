-- Store a new session. Return 1, or 0 if its id is taken.
-- KEYS: session, salt, replaced secrets.
-- ARGV: lifetime (ms), last salt, replaced secrets or "", their lifetime (ms), then the fields and their values.
if redis.call('EXISTS', KEYS[1]) == 1 then
    return 0
end
redis.call('HSET', KEYS[1], unpack(ARGV, 5))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
if ARGV[3] ~= '' then
    redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[4])
    redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4])
end
return 1
