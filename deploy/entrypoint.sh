#!/bin/sh
# The variables of go-ffmpeg-hls-swarm's image as options of hls-swarm; a variable of ours (HLS_SWARM_<OPTION>) comes before them.
# Arguments are run as they are; without any, STREAM_URL is played with that image's defaults. Without a terminal there is no screen.
set -eu

# give OPTION VALUE: nothing when there is no value, or when the option has one.
give() {
  eval "given=\${HLS_SWARM_$1:-}"
  if [ -n "$2" ] && [ -z "$given" ]; then export "HLS_SWARM_$1=$2"; fi
}

# with_unit VALUE UNIT: bare numbers were meant in that unit.
with_unit() {
  case $1 in
    '' | *[!0-9]*) printf %s "$1" ;;
    *) printf %s "$1$2" ;;
  esac
}

if [ $# -eq 0 ]; then
  if [ -z "${STREAM_URL:-}" ]; then
    echo 'hls-swarm: STREAM_URL is not set; set it to the URL of a playlist, or give arguments, as in: docker run hls-swarm demo' >&2
    exit 2
  fi
  set -- "$STREAM_URL"
  : "${CLIENTS:=50}" "${RAMP_RATE:=5}" "${RAMP_JITTER:=100}" "${LOG_FORMAT:=text}"
fi

give CLIENTS "${CLIENTS:-}"
give RAMP_RATE "${RAMP_RATE:-}"
give RAMP_JITTER "$(with_unit "${RAMP_JITTER:-}" ms)"
give TIMEOUT "$(with_unit "${TIMEOUT:-}" s)"
give VARIANT "${VARIANT:-}"
give RECONNECT "${RECONNECT:-}"
give NO_CACHE "${NO_CACHE:-}"
give RESOLVE "${RESOLVE_IP:-}"
give DANGEROUS "${DANGEROUS:-}"
give TUI "${TUI:-}"
give LOG_FORMAT "${LOG_FORMAT:-}"
if [ "${LOG_LEVEL:-}" = debug ]; then give V true; fi
# Another container is not on this one's loopback.
give METRICS "0.0.0.0:${METRICS_PORT:-17091}"

# One argument per word; a value with a space in it fits into a variable of ours (HLS_SWARM_HEADER: one per line).
set -f
# shellcheck disable=SC2086
set -- "$@" ${EXTRA_ARGS:-}

exec node "$(dirname "$0")/../bin/hls-swarm.js" "$@"
