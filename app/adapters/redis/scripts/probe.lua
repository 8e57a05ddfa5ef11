-- Write a little, with the commands that the other scripts write with, to see whether this server takes writes.
-- KEYS: a hash, a sorted set, a set and a string, which are used for nothing else and expire after a minute.
-- The first command must be one that is refused when the memory is full: after any other one, none is.
redis.call('HSET', KEYS[1], 'written', '1', 'again', '1')
redis.call('HDEL', KEYS[1], 'again')
redis.call('PEXPIRE', KEYS[1], 60000)
redis.call('ZADD', KEYS[2], 1, 'written', 2, 'again')
redis.call('ZREM', KEYS[2], 'again')
redis.call('PEXPIRE', KEYS[2], 60000)
redis.call('SADD', KEYS[3], 'written', 'again')
redis.call('SREM', KEYS[3], 'again')
redis.call('PEXPIRE', KEYS[3], 60000)
redis.call('SET', KEYS[4], 'written', 'PX', 60000)
