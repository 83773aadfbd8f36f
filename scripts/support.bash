# shellcheck shell=bash
# What the scripts here share: saying what could not be run, free ports, and a service of its own on a temporary database.
# Sourced, with the repository as the working directory.

# Settings in the environment win over every file, so a developer's own would lead these scripts to that developer's database.
for setting in "${!HALLPASS__@}"; do unset "$setting"; done
unset HALLPASS_CONFIG
# Nor may a proxy stand between the scripts and the loopback address.
export NO_PROXY="${NO_PROXY:+$NO_PROXY,}127.0.0.1" no_proxy="${no_proxy:+$no_proxy,}127.0.0.1"

# say LINE: what the reader must not miss, on stderr so that it does not mix with a program's answer.
say() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# could_not_run WHAT: says it, and notes it for the summary of scripts/test when that is who asked.
could_not_run() {
    printf '\n**** NOT RUN: %s\n\n' "$*" >&2
    if [ -n "${HALLPASS_TEST_NOT_RUN:-}" ]; then
        printf '%s\n' "$*" >>"$HALLPASS_TEST_NOT_RUN"
    fi
}

# The exit code of a script that could not do its work here, as opposed to one that found a fault.
# shellcheck disable=SC2034 # for those who source this file
readonly not_run=77

# install_on_debian PACKAGE…: true when they were installed. Only root can, and only Debian and its kin have apt-get.
install_on_debian() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    say "installing $* with apt-get"
    local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@")
    "${install[@]}" >&2 || { apt-get update -qq >&2 && "${install[@]}" >&2; }
}

# make_venv FOLDER PACKAGE…: a Python in FOLDER with these packages from PyPI. `why_not` says why it cannot be had.
make_venv() {
    local venv=$1
    shift
    # Debian's python3 comes without what makes a venv usable.
    if ! new_venv "$venv" && ! { install_on_debian python3 python3-venv && new_venv "$venv"; }; then
        why_not="no python3 with venv here (Debian: apt-get install python3-venv)"
        return 1
    fi
    if ! "$venv/bin/pip" install --quiet --disable-pip-version-check "$@" >"$venv/pip.log" 2>&1; then
        tail -n 5 "$venv/pip.log" >&2
        why_not="pip could not install $* from PyPI"
        return 1
    fi
}

new_venv() {
    rm -rf "$1"
    python3 -m venv "$1" >/dev/null 2>&1
}

# install_from_npm FOLDER PACKAGE…: these packages in FOLDER; without any, those of FOLDER's own package-lock.json.
# `why_not` says why they cannot be had. Debian's own Node.js may be too old, so none is installed.
# shellcheck disable=SC2034 # why_not is for those who source this file
install_from_npm() {
    local folder=$1 how=(ci) version
    shift
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        why_not="node or npm is not installed (https://nodejs.org)"
        return 1
    fi
    version=$(node --version)
    if ! printf '%s\n' v20.19.0 "$version" | sort -CV; then
        why_not="node $version is older than v20.19.0"
        return 1
    fi
    if [ $# -gt 0 ]; then how=(install "$@"); fi
    if ! npm "${how[@]}" --prefix "$folder" --no-audit --no-fund --loglevel=error >"$folder/npm.log" 2>&1; then
        tail -n 5 "$folder/npm.log" >&2
        why_not="npm could not install ${*:-what package-lock.json names}"
        return 1
    fi
}

# free_port: prints a loopback port that nobody listens on, below the range from which systems hand out ports.
free_port() {
    local port
    while true; do
        port=$((20000 + RANDOM % 12000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
}

# build: builds the programs and sets `hallpass` to the path of the one of that name, wherever cargo puts it.
build() {
    say "building (the first time takes some minutes)"
    hallpass=$(cargo build --bins --message-format=json-render-diagnostics |
        sed -n 's/.*"kind":\["bin"\].*"name":"hallpass".*"executable":"\([^"]*\)".*/\1/p')
    [ -x "$hallpass" ] || { say "cargo built no hallpass"; return 1; }
}

# start_service FOLDER [TOML]: a service on a new database in FOLDER, with more settings in tables. Sets `config`, `url` and
# `service`, its process.
start_service() {
    local port
    port=$(free_port)
    config=$1/hallpass.toml
    url=http://127.0.0.1:$port
    cat >"$config" <<TOML
[server]
bind = "127.0.0.1:$port"

[database]
url = "sqlite://$1/hallpass.sqlite3"
${2-}
TOML
    "$hallpass" --config "$config" serve >"$1/service.log" 2>&1 &
    service=$!
    local _
    for _ in {1..150}; do
        if curl --silent --fail --max-time 2 --output /dev/null "$url/readyz"; then return; fi
        if ! kill -0 "$service" 2>/dev/null; then break; fi
        sleep 0.2
    done
    say "the service did not become ready; its log ends:"
    tail -n 20 "$1/service.log" >&2
    return 1
}

# create_user NAME PASSWORD
create_user() {
    printf '%s\n' "$2" | "$hallpass" --config "$config" create-user "$1" --password-stdin
}

# stop_service FOLDER: asks the service to end, as a service manager does, and answers with its exit code.
stop_service() {
    local status=0 process=$service _
    service=
    kill -TERM "$process" 2>/dev/null || true
    for _ in {1..200}; do
        kill -0 "$process" 2>/dev/null || break
        sleep 0.2
    done
    if kill -KILL "$process" 2>/dev/null; then say "the service had to be killed"; fi
    wait "$process" 2>/dev/null || status=$?
    if [ "$status" != 0 ]; then
        say "the service ended with exit code $status; its log ends:"
        tail -n 20 "$1/service.log" >&2
    fi
    return "$status"
}
