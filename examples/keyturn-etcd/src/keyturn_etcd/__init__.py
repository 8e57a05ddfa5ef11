"""Keep the sessions of Keyturn in etcd."""
