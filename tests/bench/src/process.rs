//! What the kernel knows about processes: CPU time, memory, cores, limits.
//!
//! CPU time comes from `schedstat`, which counts nanoseconds; the ticks in `stat` are 10 ms long
//! and too coarse for a window of a second.

use std::fs;
use std::io;
use std::time::Duration;

use rustix::param::clock_ticks_per_second;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};

/// Pins the calling thread, and what it starts from now on, to one core.
///
/// # Errors
/// There is no such core, or this process may not use it.
pub fn pin(core: usize) -> io::Result<()> {
    if core >= CpuSet::MAX_CPU {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("no core {core}")));
    }
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).map_err(|error| {
        io::Error::new(error.kind(), format!("cannot pin to core {core}: {error}"))
    })
}

/// Raises the limit of open files as far as this process may, and returns it.
///
/// Ten thousand connections need as many descriptors; the usual soft limit is 1,024.
pub fn raise_open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    current.unwrap_or(u64::MAX)
}

/// CPU time that all live threads of a process have used.
///
/// # Errors
/// There is no such process, or the kernel was built without `schedstat`.
pub fn cpu_time(pid: u32) -> io::Result<Duration> {
    let mut total = Duration::ZERO;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let Ok(stat) = fs::read_to_string(thread?.path().join("schedstat")) else {
            continue; // the thread ended in between
        };
        total += stat
            .split_whitespace()
            .next()
            .and_then(|nanos| nanos.parse().ok())
            .map(Duration::from_nanos)
            .ok_or_else(|| io::Error::other("schedstat has no number of nanoseconds"))?;
    }
    Ok(total)
}

/// Resident memory of a process in KiB.
///
/// # Errors
/// There is no such process.
pub fn resident_kib(pid: u32) -> io::Result<u64> {
    fs::read_to_string(format!("/proc/{pid}/status"))?
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|value| value.split_whitespace().next()?.parse().ok())
        .ok_or_else(|| io::Error::other("/proc/PID/status has no VmRSS"))
}

/// CPU time of the whole machine since it started, all cores added up.
#[derive(Clone, Copy, Debug, Default)]
pub struct MachineTime {
    /// Spent in processes, the kernel and interrupts.
    pub busy: Duration,
    /// Spent by the hypervisor on somebody else.
    pub stolen: Duration,
}

impl MachineTime {
    /// Reads the counters.
    ///
    /// # Errors
    /// `/proc/stat` cannot be read.
    pub fn now() -> io::Result<Self> {
        let stat = fs::read_to_string("/proc/stat")?;
        let ticks: Vec<f64> = stat
            .lines()
            .next()
            .into_iter()
            .flat_map(|line| line.split_whitespace().skip(1))
            .map_while(|word| word.parse().ok())
            .collect();
        let [user, nice, system, _idle, _iowait, irq, softirq, stolen, ..] = ticks[..] else {
            return Err(io::Error::other("/proc/stat has fewer columns than expected"));
        };
        let duration =
            |ticks: f64| Duration::from_secs_f64(ticks / clock_ticks_per_second() as f64);
        Ok(Self { busy: duration(user + nice + system + irq + softirq), stolen: duration(stolen) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_time_and_memory() {
        let pid = std::process::id();
        let before = cpu_time(pid).unwrap();
        let mut sum = 0u64;
        for number in 0..10_000_000u64 {
            sum = std::hint::black_box(sum.wrapping_add(number));
        }
        assert!(cpu_time(pid).unwrap() > before);
        assert!(resident_kib(pid).unwrap() > 100);
        assert!(MachineTime::now().unwrap().busy > Duration::ZERO);
    }

    #[test]
    fn a_core_that_is_not_there_is_refused() {
        assert!(pin(usize::MAX).is_err());
    }
}
