//! What somebody learns who carries both databases away.

use std::process::Command;

use sigilo_proof::envelope::{Identifier, Place};
use sigilo_testkit::{TestDatabase, TestKeystore};
use uuid::Uuid;

use crate::{peopled, subject};

const NAME: &str = "Marisbela Quaresmeira Tupinambá";
const CPF: &str = "987.654.321-00";
const EMAIL: &str = "marisbela.quaresmeira@clinica.example";
const PHONE: &str = "(92) 98123-4567";

fn dump(url: &str) -> Vec<u8> {
    let output = Command::new("pg_dump").args(["--inserts", "--dbname", url]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn dumps_of_both_databases_show_nothing_that_was_sealed() {
    let keys = TestKeystore::fresh().await;
    let product = TestDatabase::fresh().await;
    let keystore = peopled(&keys, 1).await;
    let ana = subject(1, 1);
    let client = product.superuser().await;
    client
        .batch_execute("CREATE TABLE public.people (id uuid, name bytea, cpf bytea, email bytea, phone bytea, found bytea[], tokens bigint[])")
        .await
        .unwrap();
    let cell = async |column, text: &str| {
        keystore.seal(ana, Place { table: "public.people", column }, text.as_bytes()).await.unwrap()
    };
    let index = keystore.index_key(Uuid::from_u128(1)).await.unwrap();
    let found: Vec<Vec<u8>> = [
        Identifier::Cpf(CPF),
        Identifier::Email(EMAIL),
        Identifier::Phone(PHONE),
        Identifier::NameAndBirth { name: NAME, birth: "1980-01-31" },
    ]
    .into_iter()
    .map(|identifier| index.index(identifier).unwrap().to_vec())
    .collect();
    client
        .execute(
            "INSERT INTO public.people VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &[
                &ana.subject,
                &cell("name", NAME).await,
                &cell("cpf", CPF).await,
                &cell("email", EMAIL).await,
                &cell("phone", PHONE).await,
                &found,
                &index.name_tokens(NAME),
            ],
        )
        .await
        .unwrap();

    // As the superuser, whom no row security binds.
    let mut dumps = dump(product.superuser_url().expose());
    dumps.extend(dump(keys.superuser_url().expose()));
    assert!(holds(&dumps, b"INSERT INTO public.people") && holds(&dumps, b"INSERT INTO public.subject_keys"));
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    for planted in [NAME, "Marisbela", "marisbela", "quaresmeira", CPF, &digits(CPF), EMAIL, PHONE, &digits(PHONE)] {
        // As text and as the hexadecimal that a dump makes of bytes.
        let hex: String = planted.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!holds(&dumps, planted.as_bytes()) && !holds(&dumps, hex.as_bytes()), "{planted}");
    }
}
