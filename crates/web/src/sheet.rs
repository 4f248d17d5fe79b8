//! Files for spreadsheets.

use sigilo_features::Error;

use crate::errors::Answer;

/// As spreadsheets in Brazil open it: semicolons, and a mark that it is UTF-8. Every cell stands in quotes, so that a
/// spreadsheet that splits at commas does not make a formula of the rest of a cell.
pub(crate) fn csv(records: impl IntoIterator<Item = Vec<String>>) -> Result<Vec<u8>, Answer> {
    let mut builder = csv::WriterBuilder::new();
    let mut writer =
        builder.delimiter(b';').quote_style(csv::QuoteStyle::Always).from_writer("\u{feff}".as_bytes().to_vec());
    let written = (|| {
        for record in records {
            writer.write_record(record)?;
        }
        writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
    })();
    written.map_err(|_| Answer::from(Error::Internal))
}

/// A cell that a spreadsheet would take for a formula gets an apostrophe in front, which spreadsheets do not show.
pub(crate) fn harmless(value: &str) -> String {
    if value.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{value}") } else { value.to_owned() }
}
