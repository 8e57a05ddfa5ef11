"""The URLs of stores, parsed once. No driver and no library parses them again, and none is needed to parse them."""
