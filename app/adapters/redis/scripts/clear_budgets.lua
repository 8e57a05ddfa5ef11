-- Make budgets whole. KEYS: the budgets.
return redis.call('DEL', unpack(KEYS))
