-- Make a budget whole again. KEYS: the budget.
return redis.call('DEL', KEYS[1])
