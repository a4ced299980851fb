# Sourced by the scripts: where things are. HOME may be unset where a machine runs
# this on its own, and Bazel and the cache need it.
if [ -z "${HOME:-}" ]; then
  HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
  export HOME
fi
cache=${XDG_CACHE_HOME:-$HOME/.cache}/smtpcore
