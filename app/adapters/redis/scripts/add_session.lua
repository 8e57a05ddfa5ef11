-- Store a new session. Return 1, or 0 if its id is taken.
-- KEYS: session, salt. ARGV: lifetime (ms), salt or "", lifetime of the salt (ms), then the fields and their values.
if redis.call('EXISTS', KEYS[1]) == 1 then
    return 0
end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
if ARGV[2] ~= '' then
    redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
end
return 1
