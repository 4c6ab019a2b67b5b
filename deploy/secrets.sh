#!/bin/sh
# Makes every secret of a deployment in a folder, each in a file of its own; what is there already stays.
# usage: deploy/secrets.sh [FOLDER] [MONGO_HOST:PORT] [REDIS_HOST:PORT]
# As root it also gives each file to the user that reads it (compose binds files with their owners as they are); the
# numbers are those of the images, or REELS_UID, MONGO_UID, REDIS_UID.
set -eu
umask 077
folder="${1:-deploy/secrets}"
mongo="${2:-mongo:27017}"
redis="${3:-redis:6379}"
(umask 022 && mkdir -p "$folder") # the folders above stay open to those who may read one file in it
cd "$folder"

new() { # NAME: true when the file has to be made
    [ ! -e "$1" ]
}
password() {
    openssl rand -hex 24
}
give() { # NAME USER-ID
    chmod 400 "$1"
    [ "$(id -u)" != 0 ] || chown "$2" "$1"
}

if new signing.pem; then openssl genpkey -algorithm ed25519 -out signing.pem 2>/dev/null; fi
if new pseudonym.key; then openssl rand -out pseudonym.key 32; fi
if new mongo_root_password; then password > mongo_root_password; fi
if new mongo.key; then openssl rand -base64 -out mongo.key 741; fi
if new mongo_url; then echo "mongodb://reels:$(password)@$mongo/?replicaSet=rs0&authSource=admin" > mongo_url; fi
if new redis_url || new redis.conf; then
    secret="$(password)"
    echo "redis://:$secret@$redis/0" > redis_url
    echo "requirepass $secret" > redis.conf
fi
if new grafana_password; then password > grafana_password; fi

reels="${REELS_UID:-10001}" mongo_user="${MONGO_UID:-999}" redis_user="${REDIS_UID:-999}" grafana="${GRAFANA_UID:-472}"
for name in signing.pem pseudonym.key mongo_url redis_url mongo_root_password; do give "$name" "$reels"; done
give mongo.key "$mongo_user"
give redis.conf "$redis_user"
give grafana_password "$grafana"
# mongod's first start makes the administrator, so its user reads that password too.
cp -f mongo_root_password mongo_init_password
give mongo_init_password "$mongo_user"
# The certificate is yours to put here: tls/fullchain.pem and tls/privkey.pem; nginx' user reads them.
mkdir -p tls
# Keys that do not sign but whose tokens count: the next one, and older ones (`reels keys --step`).
mkdir -p trusted
if [ -e tls/privkey.pem ]; then give tls/privkey.pem "${NGINX_UID:-33}"; chmod 444 tls/fullchain.pem; fi
chmod 711 . tls
chmod 755 trusted
echo "secrets in $(pwd)"
