#!/usr/bin/env bash
# Nightly copy of the store to another machine.
set -euo pipefail

STORE=${FERRY_STORE:-/var/lib/ferry}
TARGET=${FERRY_BACKUP_TARGET:?where the copies go}
KEEP_DAYS=${KEEP_DAYS:-14}

log() {
  printf '%s %s\n' "$(date -u +%FT%TZ)" "$*" >&2
}

# Only one run at a time: the second one leaves quietly.
take_lock() {
  exec 9>"$STORE/.backup.lock"
  if ! flock -n 9; then
    log "another backup is running"
    exit 0
  fi
}

make_archive() {
  local stamp archive
  stamp=$(date -u +%Y%m%d-%H%M%S)
  archive="$STORE/ferry-$stamp.tar.gz"
  ferry snapshot "$STORE/snapshot"
  tar -czf "$archive" -C "$STORE" snapshot
  sha256sum "$archive" >"$archive.sha256"
  rm -rf "$STORE/snapshot"
  echo "$archive"
}

upload() {
  local archive=$1 attempt
  for attempt in 1 2 3; do
    if rsync --partial "$archive" "$archive.sha256" "$TARGET/"; then
      return 0
    fi
    log "upload failed, attempt $attempt"
    sleep $((attempt * 20))
  done
  return 1
}

# Old copies go, but never the last three.
prune_old() {
  find "$STORE" -name 'ferry-*.tar.gz' -mtime "+$KEEP_DAYS" -printf '%T@ %p\n' |
    sort -rn | tail -n +4 | cut -d' ' -f2- | while read -r old; do
    log "removing $old"
    rm -f "$old" "$old.sha256"
  done
}

main() {
  take_lock
  upload "$(make_archive)"
  prune_old
  log "done"
}

main "$@"
