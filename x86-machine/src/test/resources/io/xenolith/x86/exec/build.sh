#!/bin/sh
# Makes the images of mixed.c: flat binaries for address 0x100000, and what they print.
set -e
cd "$(dirname "$0")"
common="-fno-pic -no-pie -ffreestanding -fno-stack-protector -nostdlib -static -fcf-protection=none
  -fno-asynchronous-unwind-tables -Wl,-Ttext=0x100000,--build-id=none,-z,noexecstack,--gc-sections"
make_image() {
  name=$1
  shift
  gcc "$@" $common -o "$name.elf" mixed.c
  objcopy -O binary "$name.elf" "$name.bin"
  nm "$name.elf" | awk '$3 == "_start" { print "'$name' 0x" $1 }' >> entries.txt
}
: > entries.txt
make_image mixed32-386 -m32 -O0 -march=i386
make_image mixed32-686 -m32 -O2 -march=i686
make_image mixed32-sse -m32 -O3 -march=pentium4 -mfpmath=sse
make_image mixed64 -m64 -O2
./mixed32-686.elf > expected.txt
rm -f ./*.elf
