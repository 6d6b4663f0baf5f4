//! QR codes in half blocks.

use anstyle::{AnsiColor, Style};
use fast_qr::{ECL, QRBuilder};

/// The text as a QR code, black on white on any terminal; none where the text is too long.
pub(crate) fn qr(text: &str) -> Option<String> {
    // The lowest level of correction: screens do not get stained, and small codes fit terminals.
    let code = QRBuilder::new(text).ecl(ECL::L).build().ok()?;
    let paper = Style::new()
        .fg_color(Some(AnsiColor::BrightWhite.into()))
        .bg_color(Some(AnsiColor::Black.into()));
    let lines = code.to_str();
    Some(
        lines
            .lines()
            .map(|line| format!("{paper}{line}{paper:#}\n"))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_square_and_too_much_text_is_none() {
        let code = anstream::adapter::strip_str(&qr("moot1abc").unwrap()).to_string();
        let (height, width) = (
            code.lines().count(),
            code.lines().next().unwrap().chars().count(),
        );
        assert_eq!(width.div_ceil(2), height);
        assert!(qr(&"x".repeat(4000)).is_none());
    }
}
