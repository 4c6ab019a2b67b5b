"""A private MongoDB and a private Valkey as child processes, for the demo and the tests.

    with local.start(Path("data")) as stores:
        ... stores.mongo_url, stores.redis_url ...

They listen on the loopback or a Unix socket only, keep their files and logs in the data directory,
and are gone when this process is: closed in order, or killed with it. POSIX only.
"""

from reels.stores.local.child import Child
from reels.stores.local.local_stores import LocalStores, start
from reels.stores.local.mongod import MongoOptions
from reels.stores.local.valkey import ValkeyOptions

__all__ = ["Child", "LocalStores", "MongoOptions", "ValkeyOptions", "start"]
