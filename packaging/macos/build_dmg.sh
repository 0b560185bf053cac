#!/usr/bin/env bash
# Makes the disk images of macOS: `build_dmg.sh TREES DIST VERSION`. TREES holds Assistant.app and AssistantSpeech.app.
#
# Two images: the application, and the application with speech recognition in Contents/Helpers. Signed from the inside
# out with the hardened runtime, notarised and stapled, where these are set:
#   MACOS_SIGN_IDENTITY   "Developer ID Application: …" in an unlocked keychain
#   NOTARY_KEY NOTARY_KEY_ID NOTARY_ISSUER   the file, the id and the issuer of an App Store Connect key
# Without an identity everything is signed ad hoc and the images are named "unsigned". An identity without the notary's
# key is an error: macOS would refuse to open the result on any other computer.
#
# Written for bash 3.2, which macOS has.
set -euo pipefail

trees=$1 dist=$2 version=$3
here=$(cd "$(dirname "$0")" && pwd)
identity=${MACOS_SIGN_IDENTITY:-}

say() { printf '%s\n' "$*" >&2; }
die() {
    say "$*"
    exit 1
}

if [[ -n $identity && ( -z ${NOTARY_KEY:-} || -z ${NOTARY_KEY_ID:-} || -z ${NOTARY_ISSUER:-} ) ]]; then
    die "MACOS_SIGN_IDENTITY is set, and NOTARY_KEY, NOTARY_KEY_ID or NOTARY_ISSUER is not; nothing was signed."
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# sign PATH [codesign options]
sign() {
    local path=$1
    shift
    if [[ -n $identity ]]; then
        codesign --force --sign "$identity" --options runtime --timestamp "$@" "$path"
    else
        codesign --force --sign - --timestamp=none "$@" "$path"
    fi
}

# Tells whether a file is a program or a library: the magic numbers of Mach-O, thin and universal.
is_code() {
    case $(od -An -tx1 -N4 "$1" | tr -d ' \n') in
    cffaedfe | cefaedfe | cafebabe | cafebabf) return 0 ;;
    *) return 1 ;;
    esac
}

# sign_bundle APPLICATION [codesign options of its program]: libraries, then frameworks, then the bundle itself.
sign_bundle() {
    local app=$1 file framework
    shift
    while IFS= read -r -d '' file; do
        if is_code "$file"; then sign "$file"; fi
    done < <(find "$app/Contents/Frameworks" "$app/Contents/Resources" -type f -not -path '*.framework/*' -print0)
    while IFS= read -r -d '' framework; do
        sign "$framework"
    done < <(find "$app/Contents/Frameworks" -depth -type d -name '*.framework' -print0)
    sign "$app" "$@"
}

# notarise FILE: waits for Apple's answer.
notarise() {
    xcrun notarytool submit "$1" --wait --key "$NOTARY_KEY" --key-id "$NOTARY_KEY_ID" --issuer "$NOTARY_ISSUER"
}

# image NAME: makes an image of $work/stage/Assistant.app.
image() {
    local app=$work/stage/Assistant.app file
    codesign --verify --deep --strict --verbose=2 "$app"
    if [[ -n $identity ]]; then
        file=$dist/$1.dmg
        ditto -c -k --keepParent "$app" "$work/$1.zip"
        notarise "$work/$1.zip"
        xcrun stapler staple "$app"
    else
        file=$dist/$1-unsigned.dmg
    fi
    ln -sfn /Applications "$work/stage/Applications"
    hdiutil create -volname Assistant -srcfolder "$work/stage" -fs HFS+ -format ULFO -ov "$file"
    if [[ -n $identity ]]; then
        codesign --force --sign "$identity" --timestamp "$file"
        notarise "$file"
        xcrun stapler staple "$file"
        spctl --assess --type open --context context:primary-signature --verbose "$file"
    fi
    say "Made $file."
}

mkdir -p "$dist" "$work/stage"
ditto "$trees/Assistant.app" "$work/stage/Assistant.app"
app=$work/stage/Assistant.app
for language in en zh-Hans; do
    mkdir -p "$app/Contents/Resources/$language.lproj"
    cp "$here/$language.lproj/InfoPlist.strings" "$app/Contents/Resources/$language.lproj/"
done
sign_bundle "$app" --entitlements "$here/entitlements.plist"
image "assistant-app-$version-macos-arm64"

# The speech engine opens no microphone: it gets samples from the application, and needs no entitlement.
mkdir -p "$app/Contents/Helpers"
ditto "$trees/AssistantSpeech.app" "$app/Contents/Helpers/AssistantSpeech.app"
sign_bundle "$app/Contents/Helpers/AssistantSpeech.app"
sign "$app" --entitlements "$here/entitlements.plist"
image "assistant-app-with-voice-$version-macos-arm64"
