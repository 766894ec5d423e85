package io.xenolith.x86.asm;

import static io.xenolith.x86.asm.Mem.abs;
import static io.xenolith.x86.asm.Mem.mem;
import static io.xenolith.x86.asm.Mode.BITS16;
import static io.xenolith.x86.asm.Mode.BITS32;
import static io.xenolith.x86.asm.Mode.BITS64;
import static io.xenolith.x86.asm.Reg.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * Every encoding is compared with {@code encodings.txt}: lines of mode, bytes and the disassembly that GNU objdump
 * gives for those bytes, reviewed against the Java call in this file. Where objdump is installed, the test also
 * disassembles afresh and compares the text.
 *
 * <p>To renew the resource: run with {@code -Dxenolith.asm.record=FILE}.
 */
class AssemblerTest {
    private record Case(Mode mode, Consumer<Assembler> code, String text) {
    }

    private final List<Case> cases = new ArrayList<>();

    AssemblerTest() {
        integer32();
        addressing();
        system32();
        wide();
        narrow();
        floating();
    }

    private void c(final Mode mode, final String text, final Consumer<Assembler> code) {
        cases.add(new Case(mode, code, text));
    }

    private void integer32() {
        c(BITS32, "add eax,ebx", a -> a.add(EAX, EBX));
        c(BITS32, "or cl,BYTE PTR [edx]", a -> a.or(CL, mem(EDX)));
        c(BITS32, "adc DWORD PTR [edx],esi", a -> a.adc(mem(EDX), ESI));
        c(BITS32, "sbb eax,0xfffffff0", a -> a.sbb(EAX, -16));
        c(BITS32, "and eax,0x12345678", a -> a.and(EAX, 0x12345678));
        c(BITS32, "cmp BYTE PTR [eax],0x80", a -> a.cmp(mem(EAX).byte_(), 0x80));
        c(BITS32, "sub WORD PTR [eax],0x1234", a -> a.sub(mem(EAX).word(), 0x1234));
        c(BITS32, "xor ah,ch", a -> a.xor(AH, CH));
        c(BITS32, "test DWORD PTR [ebx],0x100", a -> a.test(mem(EBX).dword(), 0x100));
        c(BITS32, "test al,bl", a -> a.test(AL, BL));
        c(BITS32, "inc edi", a -> a.inc(EDI));
        c(BITS32, "dec BYTE PTR [edi]", a -> a.dec(mem(EDI).byte_()));
        c(BITS32, "not cx", a -> a.not(CX));
        c(BITS32, "neg DWORD PTR [esi]", a -> a.neg(mem(ESI).dword()));
        c(BITS32, "mul ebx", a -> a.mul(EBX));
        c(BITS32, "imul ecx,DWORD PTR [eax]", a -> a.imul(ECX, mem(EAX)));
        c(BITS32, "imul ecx,edx,0x7f", a -> a.imul(ECX, EDX, 127));
        c(BITS32, "imul cx,dx,0x1234", a -> a.imul(CX, DX, 0x1234));
        c(BITS32, "div bl", a -> a.div(BL));
        c(BITS32, "idiv ecx", a -> a.idiv(ECX));
        c(BITS32, "rol eax,1", a -> a.rol(EAX, 1));
        c(BITS32, "rcr BYTE PTR [eax],0x3", a -> a.rcr(mem(EAX).byte_(), 3));
        c(BITS32, "sar edx,cl", a -> a.sarCl(EDX));
        c(BITS32, "shl edx,0x4", a -> a.shl(EDX, 4));
        c(BITS32, "shld eax,ebx,0x5", a -> a.shld(EAX, EBX, 5));
        c(BITS32, "shrd WORD PTR [eax],bx,cl", a -> a.shrdCl(mem(EAX), BX));
        c(BITS32, "bt DWORD PTR [eax],ecx", a -> a.bt(mem(EAX), ECX));
        c(BITS32, "btc eax,0x1f", a -> a.btc(EAX, 31));
        c(BITS32, "lock bts DWORD PTR [eax],0x3", a -> { a.lock(); a.bts(mem(EAX).dword(), 3); });
        c(BITS32, "bsf eax,ecx", a -> a.bsf(EAX, ECX));
        c(BITS32, "bswap esi", a -> a.bswap(ESI));
        c(BITS32, "lock xadd DWORD PTR [ecx],eax", a -> { a.lock(); a.xadd(mem(ECX), EAX); });
        c(BITS32, "lock cmpxchg BYTE PTR [ecx],al", a -> { a.lock(); a.cmpxchg(mem(ECX), AL); });
        c(BITS32, "cmpxchg8b QWORD PTR [edi]", a -> a.cmpxchg8b(mem(EDI)));
        c(BITS32, "mov eax,0x12345678", a -> a.mov(EAX, 0x12345678));
        c(BITS32, "mov ch,0x12", a -> a.mov(CH, 0x12));
        c(BITS32, "mov WORD PTR [ecx],0x1234", a -> a.mov(mem(ECX).word(), 0x1234));
        c(BITS32, "movzx eax,BYTE PTR [ecx]", a -> a.movzx(EAX, mem(ECX).byte_()));
        c(BITS32, "movsx eax,cx", a -> a.movsx(EAX, CX));
        c(BITS32, "lea eax,[ebx+ecx*4+0x8]", a -> a.lea(EAX, mem(EBX, ECX, 4, 8)));
        c(BITS32, "xchg DWORD PTR [eax],edx", a -> a.xchg(mem(EAX), EDX));
        c(BITS32, "cmovle eax,DWORD PTR [edx]", a -> a.cmov(Cond.LE, EAX, mem(EDX)));
        c(BITS32, "setne al", a -> a.set(Cond.NE, AL));
        c(BITS32, "push DWORD PTR [eax]", a -> a.push(mem(EAX).dword()));
        c(BITS32, "push 0xffffffff", a -> a.push(-1));
        c(BITS32, "push 0x12345", a -> a.push(0x12345));
        c(BITS32, "pop edi", a -> a.pop(EDI));
        c(BITS32, "enter 0x10,0x2", a -> a.enter(16, 2));
        c(BITS32, "rep movs DWORD PTR es:[edi],DWORD PTR ds:[esi]", a -> { a.rep(); a.movsd(); });
        c(BITS32, "repnz scas al,BYTE PTR es:[edi]", a -> { a.repne(); a.scasb(); });
        c(BITS32, "pusha", a -> a.pusha());
        c(BITS32, "aam 0xa", a -> a.aam(10));
        c(BITS32, "cwde", a -> a.cwde());
        c(BITS32, "cwd", a -> a.cwd());
    }

    private void addressing() {
        c(BITS32, "mov eax,DWORD PTR [ebp+0x0]", a -> a.mov(EAX, mem(EBP)));
        c(BITS32, "mov eax,DWORD PTR [esp]", a -> a.mov(EAX, mem(ESP)));
        c(BITS32, "mov eax,DWORD PTR [esp+0x80]", a -> a.mov(EAX, mem(ESP, 128)));
        c(BITS32, "mov eax,DWORD PTR [ecx-0x80]", a -> a.mov(EAX, mem(ECX, -128)));
        c(BITS32, "mov eax,DWORD PTR [edi*8+0x1000]", a -> a.mov(EAX, mem(null, EDI, 8, 0x1000)));
        c(BITS32, "mov ebx,DWORD PTR ds:0xfee00000", a -> a.mov(EBX, abs(0xFEE00000L)));
        c(BITS32, "mov ebx,DWORD PTR gs:[eax]", a -> a.mov(EBX, mem(EAX).seg(GS)));
        c(BITS32, "mov eax,DWORD PTR [bx+si+0x10]", a -> a.mov(EAX, mem(BX, SI, 1, 16)));
        c(BITS32, "mov eax,DWORD PTR [bp+0x0]", a -> a.mov(EAX, mem(BP)));
        c(BITS64, "mov rax,QWORD PTR [r13+0x0]", a -> a.mov(RAX, mem(R13)));
        c(BITS64, "mov r9,QWORD PTR [r12+r10*2]", a -> a.mov(R9, mem(R12, R10, 2, 0)));
        c(BITS64, "mov eax,DWORD PTR [ecx]", a -> a.mov(EAX, mem(ECX)));
        c(BITS64, "mov eax,DWORD PTR ds:0x1000", a -> a.mov(EAX, abs(0x1000)));
        c(BITS64, "add DWORD PTR [rip+0x0],0x12345 # 0xa", a -> {
            final Label l = a.label("next");
            a.add(Mem.at(l).dword(), 0x12345);
            a.bind(l);
        });
    }

    private void system32() {
        c(BITS32, "mov eax,cs", a -> a.mov(EAX, CS));
        c(BITS32, "mov WORD PTR [eax],ds", a -> a.mov(mem(EAX), DS));
        c(BITS32, "mov ss,eax", a -> a.mov(SS, EAX));
        c(BITS32, "mov cr3,eax", a -> a.mov(CR3, EAX));
        c(BITS32, "mov ecx,cr2", a -> a.mov(ECX, CR2));
        c(BITS32, "mov dr7,edx", a -> a.mov(DR7, EDX));
        c(BITS32, "push fs", a -> a.push(FS));
        c(BITS32, "pop ss", a -> a.pop(SS));
        c(BITS32, "lss esp,FWORD PTR [eax]", a -> a.lss(ESP, mem(EAX)));
        c(BITS32, "lgdtd [eax]", a -> a.lgdt(mem(EAX)));
        c(BITS32, "ltr ax", a -> a.ltr(AX));
        c(BITS32, "invlpg BYTE PTR [ebx]", a -> a.invlpg(mem(EBX)));
        c(BITS32, "smsw eax", a -> a.smsw(EAX));
        c(BITS32, "lar eax,ecx", a -> a.lar(EAX, ECX));
        c(BITS32, "jmp 0x8:0x12345678", a -> a.jmpFar(8, 0x12345678, 4));
        c(BITS32, "call 0x10:0x1234", a -> a.callFar(0x10, 0x1234, 2));
        c(BITS32, "jmp FWORD PTR [eax]", a -> a.jmpFar(mem(EAX).dword()));
        c(BITS32, "call DWORD PTR [eax+0x4]", a -> a.call(mem(EAX, 4).dword()));
        c(BITS32, "iret", a -> a.iretd());
        c(BITS32, "int 0x82", a -> a.int_(0x82));
        c(BITS32, "in al,dx", a -> a.inDx(AL));
        c(BITS32, "out 0xe9,al", a -> a.out(0xE9, AL));
        c(BITS32, "wrmsr", a -> a.wrmsr());
        c(BITS32, "arpl WORD PTR [eax],cx", a -> a.arpl(mem(EAX), CX));
        c(BITS32, "bound eax,QWORD PTR [ecx]", a -> a.bound(EAX, mem(ECX)));
        c(BITS32, "ret 0x8", a -> a.ret(8));
    }

    private void wide() {
        c(BITS64, "add r8,r15", a -> a.add(R8, R15));
        c(BITS64, "mov sil,0x1", a -> a.mov(SIL, 1));
        c(BITS64, "mov r9b,dl", a -> a.mov(R9B, DL));
        c(BITS64, "mov eax,0xffffffff", a -> a.mov(RAX, 0xFFFFFFFFL));
        c(BITS64, "mov rax,0xffffffffffffffff", a -> a.mov(RAX, -1));
        c(BITS64, "movabs r10,0x123456789abcdef0", a -> a.mov(R10, 0x123456789ABCDEF0L));
        c(BITS64, "push r12", a -> a.push(R12));
        c(BITS64, "push QWORD PTR [rax]", a -> a.push(mem(RAX).qword()));
        c(BITS64, "jmp QWORD PTR [rax]", a -> a.jmp(mem(RAX).qword()));
        c(BITS64, "jmp r11", a -> a.jmp(R11));
        c(BITS64, "rex.W jmp FWORD PTR [rax]", a -> a.jmpFar(mem(RAX).qword()));
        c(BITS64, "iretq", a -> a.iretq());
        c(BITS64, "movsxd rax,ecx", a -> a.movsxd(RAX, ECX));
        c(BITS64, "inc eax", a -> a.inc(EAX));
        c(BITS64, "bswap r9", a -> a.bswap(R9));
        c(BITS64, "mov cr8,rax", a -> a.mov(CR8, RAX));
        c(BITS64, "rep stos QWORD PTR es:[rdi],rax", a -> { a.rep(); a.stosq(); });
        c(BITS64, "cmpxchg16b OWORD PTR [rdi]", a -> a.cmpxchg16b(mem(RDI)));
        c(BITS64, "syscall", a -> a.syscall());
        c(BITS64, "swapgs", a -> a.swapgs());
        c(BITS64, "pushfw", a -> a.pushfw());
    }

    private void narrow() {
        c(BITS16, "mov ax,WORD PTR [bx+di]", a -> a.mov(AX, mem(BX, DI, 1, 0)));
        c(BITS16, "mov eax,DWORD PTR [si]", a -> a.mov(EAX, mem(SI)));
        c(BITS16, "mov al,BYTE PTR [eax+ecx*1]", a -> a.mov(AL, mem(EAX, ECX, 1, 0)));
        c(BITS16, "jmp 0x8:0x10000", a -> a.jmpFar(8, 0x10000, 4));
        c(BITS16, "mov cr0,eax", a -> a.mov(CR0, EAX));
        c(BITS16, "mov ds,ax", a -> a.mov(DS, AX));
        c(BITS16, "add WORD PTR ds:0x7c00,0x1", a -> a.add(abs(0x7C00).word(), 1));
        c(BITS16, "push 0x1234", a -> a.push(0x1234));
    }

    private void floating() {
        c(BITS32, "fld TBYTE PTR [eax]", a -> a.fld(mem(EAX).sized(10)));
        c(BITS32, "fstp QWORD PTR [eax]", a -> a.fstp(mem(EAX).qword()));
        c(BITS32, "fild QWORD PTR [eax]", a -> a.fild(mem(EAX).qword()));
        c(BITS32, "fistp WORD PTR [eax]", a -> a.fistp(mem(EAX).word()));
        c(BITS32, "faddp st(1),st", a -> a.x87(0xDE, 0xC1));
        c(BITS32, "fnsave [eax]", a -> a.fnsave(mem(EAX)));
        c(BITS32, "fxrstor [eax]", a -> a.fxrstor(mem(EAX)));
        c(BITS64, "fxsave64 [rax]", a -> a.fxsave64(mem(RAX)));
        c(BITS64, "movq xmm9,rax", a -> a.movqGpr(XMM9, RAX));
        c(BITS64, "movd eax,mm3", a -> a.movd(EAX, MM3));
        c(BITS64, "movq QWORD PTR [rax],xmm2", a -> a.movq(mem(RAX), XMM2));
        c(BITS64, "movdqu xmm10,XMMWORD PTR [r8]", a -> a.movdqu(XMM10, mem(R8)));
        c(BITS64, "movaps XMMWORD PTR [rax],xmm1", a -> a.movaps(mem(RAX), XMM1));
        c(BITS64, "pxor mm1,mm2", a -> a.pxor(MM1, MM2));
        c(BITS64, "paddd xmm1,XMMWORD PTR [rax]", a -> a.paddd(XMM1, mem(RAX)));
        c(BITS64, "mulsd xmm1,xmm12", a -> a.mulsd(XMM1, XMM12));
        c(BITS64, "cvtsi2sd xmm1,rax", a -> a.cvtsi2sd(XMM1, RAX));
        c(BITS64, "cvttsd2si eax,QWORD PTR [rax]", a -> a.cvttsd2si(EAX, mem(RAX)));
        c(BITS64, "ldmxcsr DWORD PTR [rax]", a -> a.ldmxcsr(mem(RAX)));
        c(BITS64, "sqrtps xmm1,xmm2", a -> a.sqrtps(XMM1, XMM2));
    }

    private static byte[] bytes(final Case c) {
        final Assembler a = new Assembler(c.mode, 0);
        c.code.accept(a);
        return a.toBytes();
    }

    @Test
    void encodingsMatchTheRecordedOnes() throws IOException {
        final String record = System.getProperty("xenolith.asm.record");
        if (record != null) {
            final StringBuilder out = new StringBuilder();
            for (final Case c : cases) {
                out.append(c.mode).append('|').append(HexFormat.of().formatHex(bytes(c))).append('|').append(c.text)
                    .append('\n');
            }
            Files.writeString(Path.of(record), out);
        }
        final Map<String, String> recorded = recorded();
        for (final Case c : cases) {
            assertEquals(recorded.get(c.mode + "|" + c.text), HexFormat.of().formatHex(bytes(c)), c.text);
        }
        assertEquals(recorded.size(), cases.size());
    }

    private static Map<String, String> recorded() throws IOException {
        final Map<String, String> result = new LinkedHashMap<>();
        try (InputStream in = AssemblerTest.class.getResourceAsStream("encodings.txt")) {
            new String(in.readAllBytes(), StandardCharsets.ISO_8859_1).lines().forEach(line -> {
                final String[] parts = line.split("\\|");
                result.put(parts[0] + "|" + parts[2], parts[1]);
            });
        }
        return result;
    }

    @Test
    void disassemblerAgrees() throws IOException, InterruptedException {
        if (!Files.isExecutable(Path.of("/usr/bin/objdump"))) {
            return; // the recorded bytes above were checked the same way
        }
        for (final Mode mode : Mode.values()) {
            final List<Case> part = cases.stream().filter(c -> c.mode == mode).toList();
            final List<String> text = disassemble(mode, part);
            assertEquals(String.join("\n", part.stream().map(Case::text).toList()), String.join("\n", text));
        }
    }

    private static List<String> disassemble(final Mode mode, final List<Case> part)
        throws IOException, InterruptedException {
        final int slot = 16;
        final byte[] image = new byte[part.size() * slot];
        java.util.Arrays.fill(image, (byte)0x90);
        for (int i = 0; i < part.size(); i++) {
            final byte[] b = bytes(part.get(i));
            System.arraycopy(b, 0, image, i * slot, b.length);
        }
        final Path file = Files.createTempFile("asm", ".bin");
        final String machine = switch (mode) {
            case BITS16 -> "i8086";
            case BITS32 -> "i386";
            case BITS64 -> "i386:x86-64";
        };
        Files.write(file, image);
        final Process p = new ProcessBuilder("/usr/bin/objdump", "-D", "-b", "binary", "-m", machine, "-M", "intel",
            "--no-show-raw-insn", file.toString()).redirectErrorStream(true).start();
        final List<String> out = new ArrayList<>();
        for (final String line : new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
            final String[] f = line.strip().split(":\t", 2);
            if (f.length == 2 && Integer.parseInt(f[0], 16) % slot == 0) {
                out.add(f[1].strip().replaceAll("\\s+", " ").replaceAll("# 0x[0-9a-f]+$", "# 0xa"));
            }
        }
        p.waitFor();
        Files.delete(file);
        return out;
    }

    @Test
    void branchesReachBothWays() {
        final Assembler a = new Assembler(BITS32, 0x1000);
        final Label back = a.mark("back");
        final Label forward = a.label("forward");
        a.jmp(forward);
        a.jcc(Cond.NE, back);
        a.loop(back);
        a.call(back);
        a.fill(200, 0x90);
        a.jcc(Cond.E, back);
        a.bind(forward);
        final byte[] b = a.toBytes();
        final String head = HexFormat.of().formatHex(b, 0, 14);
        assertEquals("e9d700000075f9e2f7e8f2ffffff", head);
        assertArrayEquals(HexFormat.of().parseHex("0f8424ffffff"), java.util.Arrays.copyOfRange(b, 214, 220));
    }

    @Test
    void mistakesAreReported() {
        final Assembler a = new Assembler(BITS32, 0);
        assertThrows(AssemblyException.class, () -> a.mov(RAX, RBX));
        assertThrows(AssemblyException.class, () -> a.mov(mem(EAX), 1));
        assertThrows(AssemblyException.class, () -> a.mov(EAX, mem(EAX, ESP, 1, 0)));
        assertThrows(AssemblyException.class, () -> a.mov(EAX, mem(BX, CX, 1, 0)));
        final Label never = a.label("never");
        assertFalse(never.isBound());
        a.jmp(never);
        assertThrows(AssemblyException.class, a::toBytes);
        final Assembler far = new Assembler(BITS32, 0);
        final Label l = far.label("far");
        far.jmpShort(l);
        far.fill(200, 0);
        far.bind(l);
        assertThrows(AssemblyException.class, far::toBytes);
        assertThrows(AssemblyException.class, () -> new Assembler(BITS64, 0).mov(mem(R9), AH));
    }
}
