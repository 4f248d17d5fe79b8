# Shared by the scripts; read with `.`, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${HOME:=$(getent passwd "$(id -u)" | cut -d: -f6)}"
export HOME
# Tools and build outputs that outlive a clone.
cache=${SIGILO_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sigilo}
PATH=$PATH:$HOME/.cargo/bin:$cache/tools/bin

say() { printf '▸ %s\n' "$*" >&2; }
fail() { printf '✗ %s\n' "$*" >&2; exit 1; }

# quietly WHAT COMMAND…: says what is being done; shows what the command said only if it fails.
quietly() {
  local what=$1 log
  shift
  say "$what"
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    rm -f "$log"
    fail "Não deu certo: $what"
  fi
  rm -f "$log"
}

# Cargo asks the network only for what is not on this machine.
cargo_fetch() {
  local log
  if ! (cd "$root" && cargo fetch --locked --offline --quiet) 2>/dev/null; then
    quietly "Baixando as bibliotecas Rust" cargo fetch --locked --manifest-path "$root/Cargo.toml"
  fi
  export CARGO_NET_OFFLINE=true
}
