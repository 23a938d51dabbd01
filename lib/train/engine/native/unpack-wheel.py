"""Takes from a wheel only what is named: `unpack-wheel.py WHEEL TARGET PREFIX...`. Prints the wheel's requirements."""
import os
import shutil
import sys
import zipfile

wheel, target, *prefixes = sys.argv[1:]
target = os.path.realpath(target)
count = 0
with zipfile.ZipFile(wheel) as archive:
    for member in archive.infolist():
        name = member.filename
        if name.endswith(".dist-info/METADATA"):
            for line in archive.read(member).decode("utf-8", "replace").splitlines():
                if line.startswith(("Name:", "Version:", "Requires-Dist:")):
                    print(line)
        if member.is_dir() or not any(name.startswith(prefix) for prefix in prefixes):
            continue
        path = os.path.realpath(os.path.join(target, name))
        if not path.startswith(target + os.sep):
            sys.exit(f"{wheel} holds a path outside of itself: {name}")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with archive.open(member) as source, open(path, "wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
        mode = member.external_attr >> 16 & 0o777
        if mode:
            os.chmod(path, mode | 0o600)
        count += 1
print(f"Unpacked: {count}")
