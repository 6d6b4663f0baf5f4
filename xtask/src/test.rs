//! `cargo xtask test`: everything, once.
//!
//! Tests that start real nodes run the `moot` of the same profile as themselves. One build
//! makes both, so nothing is compiled twice; the test crate finds the binary beside itself.

use anyhow::{Result, bail};

use crate::{
    needs,
    shell::{self, Stream},
    totals::Totals,
};

/// Runs all tests, or those that `args` choose.
///
/// # Errors
/// Something that the tests need is missing, a build fails, or a test fails.
pub(crate) fn run(args: &[String]) -> Result<()> {
    needs::c_compiler()?;
    needs::fortunes()?;
    shell::run(&mut shell::cargo(&[
        "build",
        "--workspace",
        "--bins",
        "--tests",
    ]))?;

    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let everything = args.is_empty();
    let mut totals = Totals::default();
    let mut passed = true;

    let nextest = shell::answers("cargo", &["nextest", "--version"]);
    let (runner, stream) = if nextest {
        (&["nextest", "run", "--no-fail-fast"][..], Stream::Stderr)
    } else {
        (&["test", "--no-fail-fast", "--tests"][..], Stream::Stdout)
    };
    let mut tests = shell::cargo(runner);
    if everything {
        tests.arg("--workspace");
    }
    tests.args(&args);
    passed &= shell::watch(&mut tests, stream, |line| totals.see(line))?;

    if everything {
        // nextest runs no documentation tests.
        let mut doc_tests = shell::cargo(&["test", "--workspace", "--doc", "--no-fail-fast"]);
        passed &= shell::watch(&mut doc_tests, Stream::Stdout, |line| totals.see(line))?;
    }

    println!("\n{totals}");
    if passed {
        Ok(())
    } else {
        bail!("tests failed")
    }
}
