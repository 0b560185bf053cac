#!/usr/bin/env bash
# Makes the disk images with a certificate that lives in a keychain of this run only: `sign_in_ci.sh TREES DIST VERSION`.
#
# MACOS_CERTIFICATE is a .p12 in base64, MACOS_CERTIFICATE_PASSWORD its password, NOTARY_KEY_TEXT the text of a .p8 key.
# Without MACOS_CERTIFICATE the images are made unsigned; build_dmg.sh names them so.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
if [[ -z ${MACOS_CERTIFICATE:-} ]]; then
    unset MACOS_SIGN_IDENTITY
    exec "$here/build_dmg.sh" "$@"
fi

secrets=$(mktemp -d)
keychain=$secrets/release.keychain-db
password=$(uuidgen)
trap 'security delete-keychain "$keychain" || true; rm -rf "$secrets"' EXIT
umask 077
base64 --decode <<<"$MACOS_CERTIFICATE" >"$secrets/certificate.p12"
printf '%s\n' "${NOTARY_KEY_TEXT:-}" >"$secrets/notary.p8"
unset MACOS_CERTIFICATE NOTARY_KEY_TEXT

security create-keychain -p "$password" "$keychain"
security set-keychain-settings -lut 7200 "$keychain"
security unlock-keychain -p "$password" "$keychain"
security import "$secrets/certificate.p12" -k "$keychain" -P "$MACOS_CERTIFICATE_PASSWORD" -T /usr/bin/codesign
security set-key-partition-list -S apple-tool:,apple: -s -k "$password" "$keychain" >/dev/null
# codesign looks into the keychains of this list only.
security list-keychains -d user -s "$keychain" login.keychain-db

NOTARY_KEY=$secrets/notary.p8 "$here/build_dmg.sh" "$@"
