# Shared by the commands in this directory (sourced, not run): where the project is, which JDK, is it built, which AOT cache.

XENOLITH_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
XENOLITH_LIB="$XENOLITH_HOME/launch/target/lib"
XENOLITH_JAR="$XENOLITH_LIB/launch-0.1.0.jar"
XENOLITH_AOT_DIR="$XENOLITH_HOME/launch/target/aot"
XENOLITH_CACHE=${XENOLITH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/xenolith}
export XENOLITH_HOME XENOLITH_CACHE

die() { printf '%s: %s\n' "${0##*/}" "$1" >&2; exit "${2:-1}"; }

# The feature release of the JDK in $1 as its `release` file gives it, or 0.
jdk_feature() {
    local version=
    [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || { echo 0; return; }
    version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release")
    echo "${version:-0}"
}

# Sets JAVA_HOME to the first JDK >= 25 of: JAVA_HOME, the java on PATH, the usual places.
find_jdk() {
    local candidate path_java=
    path_java=$(command -v java 2>/dev/null) && path_java=$(dirname "$(dirname "$(readlink -f "$path_java")")")
    for candidate in "${JAVA_HOME:-}" "$path_java" /usr/lib/jvm/* /usr/java/* /opt/*jdk* "$HOME"/.jdks/* "$HOME"/.sdkman/candidates/java/*; do
        [ -n "$candidate" ] && [ "$(jdk_feature "$candidate")" -ge 25 ] || continue
        export JAVA_HOME=$candidate
        return
    done
    die "no JDK 25 or newer found in JAVA_HOME, on PATH or under /usr/lib/jvm: install one (for example Temurin 25) and set JAVA_HOME to it" 69
}

# True when no packaged jar is there or a source is newer than the packaging. XENOLITH_NO_BUILD says that the jars are right as
# they are: the tests, which run inside a build, set it.
build_is_stale() {
    [ -f "$XENOLITH_JAR" ] || return 0
    [ -z "${XENOLITH_NO_BUILD:-}" ] || return 1
    local reference=$XENOLITH_JAR
    [ "$XENOLITH_LIB/.built" -nt "$reference" ] && reference=$XENOLITH_LIB/.built
    [ -n "$(find "$XENOLITH_HOME"/pom.xml "$XENOLITH_HOME"/*/pom.xml "$XENOLITH_HOME"/*/src/main -newer "$reference" -type f -print -quit 2>/dev/null)" ]
}

build() {
    command -v mvn >/dev/null || die "Apache Maven (mvn) is needed to build and is not on PATH: install the package maven" 69
    local log="$XENOLITH_HOME/launch/target/build.log"
    mkdir -p "$XENOLITH_HOME/launch/target"
    echo "building Xenolith (a minute the first time) ..." >&2
    if ! (cd "$XENOLITH_HOME" && mvn -B -ntp -q -DskipTests package) >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        die "the build failed; the whole log is $log" 70
    fi
    touch "$XENOLITH_LIB/.built"
}

# One builder at a time; a second command waits for the first and then finds nothing to do.
ensure_built() {
    build_is_stale || return 0
    mkdir -p "$XENOLITH_HOME/launch/target"
    exec 9>"$XENOLITH_HOME/launch/target/build.lock"
    flock 9
    if build_is_stale; then build; fi
    exec 9>&-
}

# The launch module's jars, then those of the directory in $XENOLITH_EXTRA_LIB if a command sets it.
class_path() {
    local jar paths=
    for jar in "$XENOLITH_LIB"/*.jar ${XENOLITH_EXTRA_LIB:+"$XENOLITH_EXTRA_LIB"/*.jar}; do paths="$paths${paths:+:}$jar"; done
    echo "$paths"
}

# Names the AOT cache for these jars and this JDK, training it first where there is none. A cache that cannot be
# made costs start-up time only, so failure to train is not an error.
ensure_aot() {
    local key
    key=$({ cat "$JAVA_HOME/release" "$XENOLITH_HOME/launch/jvm.args"; stat -c '%n %s %Y' "$XENOLITH_LIB"/*.jar; } | cksum | cut -d' ' -f1)
    XENOLITH_AOT="$XENOLITH_AOT_DIR/$key.aot"
    [ -f "$XENOLITH_AOT" ] && return
    mkdir -p "$XENOLITH_AOT_DIR"
    exec 9>"$XENOLITH_AOT_DIR/lock"
    flock 9
    if [ ! -f "$XENOLITH_AOT" ]; then
        rm -f "$XENOLITH_AOT_DIR"/*.aot
        "$JAVA_HOME/bin/java" @"$XENOLITH_HOME/launch/jvm.args" -XX:AOTCacheOutput="$XENOLITH_AOT.new" -cp "$(XENOLITH_EXTRA_LIB='' class_path)" \
            io.xenolith.launch.AotTraining >"$XENOLITH_AOT_DIR/training.log" 2>&1 && [ -f "$XENOLITH_AOT.new" ] \
            && mv "$XENOLITH_AOT.new" "$XENOLITH_AOT"
    fi
    exec 9>&-
}

# What the JVM itself would fail at obscurely, said in a sentence.
check_host() {
    local files first
    files=$(ulimit -n)
    [ "$files" = unlimited ] || [ "$files" -ge 64 ] || die "the limit of open files is $files, and a machine's processes need at least 64: raise it with 'ulimit -n 1024'"
    if ! first=$("$JAVA_HOME/bin/java" -XX:+UseSerialGC -XX:ReservedCodeCacheSize=64m -version 2>&1); then
        die "the JVM cannot start here: $(printf '%s' "$first" | tail -n 1). It needs executable anonymous memory and some address space: check 'ulimit -v' and the container's security profile"
    fi
}

# run_java MAIN ARGS...: replaces this shell by the JVM.
run_java() {
    find_jdk
    ensure_built
    ensure_aot
    local aot=()
    [ -f "$XENOLITH_AOT" ] && aot=(-XX:AOTCache="$XENOLITH_AOT")
    exec "$JAVA_HOME/bin/java" @"$XENOLITH_HOME/launch/jvm.args" "${aot[@]}" ${XENOLITH_JAVA_OPTS:-} \
        -Dxenolith.home="$XENOLITH_HOME" -cp "$(class_path)" "$@"
}
