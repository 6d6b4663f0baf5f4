//! Tables without borders, fitted to the terminal.

use std::io::{self, Write};

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, Row, Table, Width, presets,
};
use unicode_width::UnicodeWidthStr;

use crate::ui::{Ui, clean, style};

/// Blanks between columns.
const GAP: u16 = 2;

/// The columns that each needs, with its gap, so that no word is broken.
fn least(head: &[&str], rows: &[Vec<String>]) -> Vec<usize> {
    let longest = |text: &str| text.split_whitespace().map(UnicodeWidthStr::width).max();
    let column = |(at, name): (usize, &&str)| {
        let cells = rows.iter().filter_map(|row| longest(row.get(at)?));
        cells.chain(longest(name)).max().unwrap_or_default() + usize::from(GAP)
    };
    head.iter().enumerate().map(column).collect()
}

/// On a terminal too narrow for a table: each row as lines of its own.
fn one_below_the_other(
    out: &mut impl Write,
    head: &[&str],
    rows: &[Vec<String>],
) -> io::Result<()> {
    let (bold, dim) = (style::BOLD, style::DIM);
    let widest = head.iter().map(|name| name.width()).max().unwrap_or(0);
    for row in rows {
        for (at, (name, cell)) in head.iter().zip(row).enumerate() {
            match (at, cell.is_empty()) {
                (0, _) => writeln!(out, "{bold}{cell}{bold:#}")?,
                (_, true) => {}
                (_, false) => writeln!(out, "  {dim}{name:<widest$}{dim:#}  {cell}")?,
            }
        }
    }
    Ok(())
}

/// Prints a table: a dim head, then the rows. Columns named in `right` are numbers.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn table(
    ui: &Ui,
    out: &mut impl Write,
    head: &[&str],
    right: &[usize],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> io::Result<()> {
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| row.iter().map(|cell| clean(cell).into_owned()).collect())
        .collect();
    let least = least(head, &rows);
    let width = ui.out_is_terminal().then(|| usize::from(ui.width()));
    if width.is_some_and(|width| width < least.iter().sum()) {
        return one_below_the_other(out, head, &rows);
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(head.iter().map(|name| name.to_uppercase()));
    for row in rows {
        table.add_row(Row::from(row));
    }
    if ui.out_is_terminal() {
        table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(ui.width());
    }
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, GAP));
        let words = least.get(i).copied().unwrap_or_default();
        let words = u16::try_from(words).unwrap_or(u16::MAX);
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(words)));
        if right.contains(&i) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let dim = style::DIM;
    for (i, line) in table.lines().enumerate() {
        let line = line.trim_end();
        if i == 0 {
            writeln!(out, "{dim}{line}{dim:#}")?;
        } else {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_breaks_no_word() {
        let rows = vec![vec![
            "steward".to_owned(),
            "read, write".to_owned(),
            "検索".to_owned(),
        ]];
        assert_eq!(least(&["role", "may", ""], &rows), [9, 7, 6]);
        let mut out = Vec::new();
        one_below_the_other(&mut out, &["role", "may", ""], &rows).unwrap();
        let text = String::from_utf8(out).unwrap();
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(plain, "steward\n  may   read, write\n        検索\n");
    }
}
