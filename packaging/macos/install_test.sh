#!/usr/bin/env bash
# Opens each disk image as a person would, asks the copied application whether it works, and takes a picture of its
# window: `install_test.sh DIST PICTURES`.
set -euo pipefail

dist=$1 pictures=$2
mkdir -p "$pictures"
applications=$(mktemp -d)
image=
mount=
window=
clean_up() {
    [[ -z $window ]] || kill "$window" 2>/dev/null || true
    [[ -z $mount ]] || hdiutil detach -quiet "$mount" || true
    rm -rf "$applications"
}
trap clean_up EXIT

for image in "$dist"/*.dmg; do
    mount=$(mktemp -d)
    hdiutil attach -nobrowse -readonly -mountpoint "$mount" "$image"
    rm -rf "$applications/Assistant.app"
    ditto "$mount/Assistant.app" "$applications/Assistant.app"
    hdiutil detach -quiet "$mount"
    mount=
    codesign --verify --deep --strict "$applications/Assistant.app"
    program=$applications/Assistant.app/Contents/MacOS/assistant-app
    "$program" --version
    case $image in
    *-with-voice-*) "$program" --selftest --with-voice ;;
    *) "$program" --selftest ;;
    esac
    case $image in
    *-unsigned.dmg) ;;
    *) spctl --assess --type execute --verbose "$applications/Assistant.app" ;;
    esac
done

ASSISTANT_HOME=$(mktemp -d) "$program" &
window=$!
# macOS tells no stranger about windows; the picture is for people to look at, and the program has to be alive in it.
sleep 20
kill -0 "$window"
screencapture -x "$pictures/macos.png"
