-- Remove sessions from those of their subject. KEYS: the subject's sessions, the ids that are chosen to end.
-- ARGV: the ids.
redis.call('ZREM', KEYS[1], unpack(ARGV))
return redis.call('SREM', KEYS[2], unpack(ARGV))
