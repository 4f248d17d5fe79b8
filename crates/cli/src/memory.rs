//! What is in memory stays there: freed memory is overwritten, no core file is written, no other process of the same
//! user may look. And a look at whether all of that holds, because a clinic's machine decides some of it.

use std::alloc::System;
use std::fs::{self, File};
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, dumpable_behavior, getrlimit, set_dumpable_behavior, setrlimit,
};
use sigilo_features::answer::MemoryChecks;
use sigilo_store::server::Findings;
use zeroizing_alloc::ZeroAlloc;

/// Libraries leave copies of what they read in buffers that no code of ours reaches; this reaches them all. What C
/// code allocates for itself is not covered: aws-lc, the only C that sees plain text, wipes its own.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

/// Keeps memory out of core files and of the sight of other processes, and its content out of a panic's message. To be
/// called first, while there is one thread.
pub fn protect() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        eprintln!("sigilo: erro interno em {place}");
    }));
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // A core file handed to a program, as most distributions do, is not bound by the limit but by the second call.
    if setrlimit(Resource::Core, none).is_err() || set_dumpable_behavior(DumpableBehavior::NotDumpable).is_err() {
        eprintln!("sigilo: não foi possível impedir arquivos core");
    }
}

/// What holds now, each read from the system or tried out.
pub fn checks() -> MemoryChecks {
    MemoryChecks {
        swap_off: swap_off(),
        core_off: getrlimit(Resource::Core).current == Some(0),
        dumpable_off: matches!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable)),
        wipe_allocator: freed_memory_is_wiped(),
    }
}

/// The checks as `sigilo doctor` shows them.
pub fn findings() -> Findings {
    let checks = checks();
    let mut findings = Findings::default();
    if checks.core_off && checks.dumpable_off && checks.wipe_allocator {
        findings.ok("Memória", "apagada ao ser liberada, sem arquivos core, fechada a outros processos");
    } else {
        let holds = |good: bool, name: &str| if good { None } else { Some(name.to_owned()) };
        let missing: Vec<String> = [
            holds(checks.wipe_allocator, "apagar ao liberar"),
            holds(checks.core_off, "impedir arquivos core"),
            holds(checks.dumpable_off, "fechar a outros processos"),
        ]
        .into_iter()
        .flatten()
        .collect();
        findings.warn("Memória", format!("não foi possível: {}", missing.join(", ")), None);
    }
    if checks.swap_off {
        findings.ok("Troca em disco", "a memória do Sigilo não vai para o disco");
    } else {
        findings.warn(
            "Troca em disco",
            "esta máquina tem área de troca (swap): a memória do Sigilo pode ir para o disco",
            Some("No serviço do systemd: MemorySwapMax=0. Ou, na máquina inteira: swapoff -a".into()),
        );
    }
    findings
}

/// No area to swap to, or none for this process; and nothing of it swapped out already.
fn swap_off() -> bool {
    let areas = fs::read_to_string("/proc/swaps").map(|text| text.lines().skip(1).count());
    let nothing_out = fs::read_to_string("/proc/self/status").is_ok_and(|status| swapped_out(&status) == Some(0));
    nothing_out && (matches!(areas, Ok(0)) || swap_forbidden())
}

/// The kibibytes of a process that are swapped out.
fn swapped_out(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmSwap:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Whether this process's control group, or one above it, may not swap.
fn swap_forbidden() -> bool {
    let Ok(groups) = fs::read_to_string("/proc/self/cgroup") else { return false };
    let Some(own) = groups.lines().find_map(|line| line.strip_prefix("0::/")) else { return false };
    let forbids = |group: &Path| {
        let limit = fs::read_to_string(Path::new("/sys/fs/cgroup").join(group).join("memory.swap.max"));
        limit.is_ok_and(|limit| limit.trim() == "0")
    };
    Path::new(own).ancestors().any(forbids)
}

/// Fills a block, frees it, and looks through the system's eyes at what lies there.
fn freed_memory_is_wiped() -> bool {
    /// Small enough that the allocator keeps it, so that the place stays readable.
    const SIZE: usize = 1000;
    /// The system's allocator writes its own lists into the start of a free block.
    const LISTS: usize = 64;
    const MARK: u8 = 0xa7;
    let Ok(memory) = File::open("/proc/self/mem") else { return false };
    let mut seen = [MARK; SIZE];
    let block = black_box(vec![MARK; SIZE]);
    let place = block.as_ptr().addr() as u64;
    drop(block);
    let read = memory.read_exact_at(&mut seen, place);
    read.is_ok() && !seen[LISTS..].contains(&MARK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freed_memory_is_found_wiped() {
        assert!(freed_memory_is_wiped());
    }

    #[test]
    fn what_is_swapped_out_is_read() {
        assert_eq!(swapped_out("VmRSS:\t  120 kB\nVmSwap:\t      24 kB\nThreads:\t1\n"), Some(24));
        assert_eq!(swapped_out("VmRSS:\t  120 kB\n"), None);
    }
}
