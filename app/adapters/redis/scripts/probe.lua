-- Write a little, with the commands that the other scripts write with, to see whether this server takes writes.
-- KEYS: a key that is used for nothing else. It expires after a minute.
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'written', '1')
redis.call('HDEL', KEYS[1], 'written')
redis.call('ZADD', KEYS[1], 1, 'written')
redis.call('ZREM', KEYS[1], 'written')
redis.call('SADD', KEYS[1], 'written')
redis.call('SREM', KEYS[1], 'written')
redis.call('SET', KEYS[1], 'written', 'PX', 60000)
redis.call('PEXPIRE', KEYS[1], 60000)
