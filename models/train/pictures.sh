#!/usr/bin/env bash
# Pictures of anything but a chest, to teach the gate: from Debian packages, unpacked, not installed.
#   models/train/pictures.sh FOLDER      (about 300 MB)
# Photographs, wallpapers, icons, drawings, and MRI and CT volumes.
set -eu
folder=$1
packages="python3-skimage mricron-data invesalius-examples mate-backgrounds gnome-backgrounds
    tuxpaint-stamps-default tango-icon-theme"
mkdir -p "$folder/packages" "$folder/files"
cd "$folder/packages"
for package in $packages; do
    ls "$package"_*.deb >/dev/null 2>&1 || apt-get download "$package"
    [ -e "../files/$package" ] && continue
    dpkg-deb -x "$package"_*.deb "../files/$package.partial"
    mv "../files/$package.partial" "../files/$package"
done
find ../files -type f | grep -ciE '\.(jpe?g|png|nii\.gz|nii|webp|inv3)$' || true
