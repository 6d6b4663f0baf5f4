//! Tables without borders, fitted to the terminal.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, Row, Table, presets};

use crate::ui::{Ui, clean, style};

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
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(head.iter().map(|name| name.to_uppercase()));
    for row in rows {
        table.add_row(Row::from(
            row.iter().map(|cell| clean(cell)).collect::<Vec<_>>(),
        ));
    }
    if ui.out_is_terminal() {
        table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(ui.width());
    }
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
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
