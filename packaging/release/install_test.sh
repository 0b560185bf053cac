#!/usr/bin/env bash
# Installs the Linux packages on a fresh system and tries them: `install_test.sh DIST PICTURE.png`, as root, in a
# container that is thrown away. Debian and Ubuntu get the .deb files, Fedora the portable archives.
set -euo pipefail

dist=$1 picture=$2
tools=/usr/lib/assistant-app
home=/home/tester

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# as_user COMMAND…: as the person who uses it, with a home of their own and nothing of the build in the environment.
as_user() { runuser -u tester -- env -i HOME="$home" USER=tester PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 "$@"; }

# one PATTERN: the only file of that name.
one() {
    local files
    files=$(compgen -G "$1") || die "There is no $1."
    [[ $(wc -l <<<"$files") == 1 ]] || die "There is more than one $1."
    printf '%s' "$files"
}

# Prints what the system lacks for the programs and libraries in a folder, one a line. They may find each other anywhere
# in it: which of them loads which is known when the program runs.
missing_libraries() {
    local folders
    folders=$(find "$1" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
    find "$1" -type f \( -name '*.so*' -o -perm -u+x \) -print0 |
        LD_LIBRARY_PATH=$folders xargs -0 ldd 2>/dev/null | grep 'not found' | sort -u
}

if command -v apt-get >/dev/null; then
    kind=deb
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    # What the package depends on has to be enough to start: nothing recommended comes along.
    apt-get install -y -q --no-install-recommends "$(one "$dist/assistant-app_*_amd64.deb")"
    program=(assistant-app)
else
    kind=archive
    dnf install -y -q tar xz util-linux findutils dbus-libs fontconfig mesa-libEGL mesa-libGL libxkbcommon-x11 \
        xcb-util-cursor xcb-util-image xcb-util-keysyms xcb-util-renderutil xcb-util-wm \
        libwayland-client libwayland-cursor libwayland-egl portaudio google-noto-sans-fonts
    tools=$home/assistant-app
    program=("$tools/assistant-app")
fi
useradd --create-home --uid 1234 tester
if [[ $kind == archive ]]; then
    as_user tar -C "$home" -xf "$(one "$dist/assistant-app-[0-9]*-linux-x86_64.tar.xz")"
fi

missing=$(missing_libraries "$tools") || true
[[ -z $missing ]] || die "Libraries are missing on this system: $missing"
as_user "${program[@]}" --version
as_user "${program[@]}" --selftest

echo "With speech recognition:"
if [[ $kind == deb ]]; then
    apt-get install -y -q --no-install-recommends "$(one "$dist/assistant-app-voice_*_amd64.deb")"
else
    as_user tar -C "$home" -xf "$(one "$dist/assistant-app-voice-*-linux-x86_64.tar.xz")"
fi
as_user "${program[@]}" --selftest --with-voice

echo "The window:"
if [[ $kind == deb ]]; then
    apt-get install -y -q --no-install-recommends xvfb x11-utils imagemagick >/dev/null
else
    dnf install -y -q xorg-x11-server-Xvfb xwininfo ImageMagick
fi
install -d -m 1777 /tmp/.X11-unix
as_user Xvfb :99 -screen 0 1280x800x24 -nolisten tcp >/dev/null 2>&1 &
as_user DISPLAY=:99 QT_QPA_PLATFORM=xcb "${program[@]}" >"/tmp/window.log" 2>&1 &
window=$!
shown=
for _ in {1..120}; do
    if as_user DISPLAY=:99 xwininfo -root -tree 2>/dev/null | grep -q '"Assistant"'; then
        shown=yes
        break
    fi
    kill -0 "$window" 2>/dev/null || die "The program ended before it showed a window: $(cat /tmp/window.log)"
    sleep 1
done
[[ -n $shown ]] || die "No window appeared within two minutes: $(cat /tmp/window.log)"
# Its first pictures are drawn after it is there; nothing below depends on them.
sleep 3
as_user DISPLAY=:99 import -window root /tmp/window.png
install -D -m 644 /tmp/window.png "$picture"
kill "$window"
wait "$window" || true

echo "Removal:"
data=$home/.local/share/assistant-app
[[ -d $data ]] || die "The window left no data in $data."
if [[ $kind == deb ]]; then
    apt-get purge -y -q assistant-app assistant-app-voice
    [[ ! -e $tools && ! -e /usr/bin/assistant-app ]] || die "Removing the packages left files in $tools."
    [[ -d $data ]] || die "Removing the packages removed the user's data."
fi
echo "Everything works here."
