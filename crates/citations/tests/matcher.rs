//! The rule by which a cited article is a known one, case by case.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use sigilo_citations::{Author, Cited, Flags, Judgement, Reason, Record, Verdict, Weights, is_guideline, judge};

fn people(names: &[(&str, &str)]) -> Vec<Author> {
    names.iter().map(|(family, initials)| Author { family: (*family).into(), initials: (*initials).into() }).collect()
}

fn record() -> Record {
    Record {
        pmid: 100,
        title: "Ivermectin for preventing strongyloidiasis in immunosuppressed adults: a randomised trial.".into(),
        authors: people(&[("Valverde", "MC"), ("Okonjo", "T"), ("Lindqvist", "AB"), ("Ferreira-Matos", "J")]),
        journal: "Revista da Sociedade Brasileira de Medicina Tropical".into(),
        journal_abbreviation: "Rev Soc Bras Med Trop".into(),
        year: Some(2018),
        other_years: vec![2017],
        doi: Some("10.1590/0037-8682-0001-2018".into()),
        ..Record::default()
    }
}

fn cited() -> Cited {
    Cited {
        title: "Ivermectin for preventing strongyloidiasis in immunosuppressed adults: a randomised trial".into(),
        authors: vec!["Valverde MC".into(), "Okonjo T".into(), "et al.".into()],
        journal: "Rev Soc Bras Med Trop".into(),
        year: Some(2018),
        ..Cited::default()
    }
}

fn verdict(cited: &Cited, records: &[Record]) -> Judgement {
    judge(cited, records, &Weights::shipped())
}

fn fields(judgement: &Judgement) -> Vec<&str> {
    judgement.corrections.iter().map(|correction| correction.field.as_str()).collect()
}

#[test]
fn what_agrees_is_verified_however_it_is_written() {
    let spellings = [
        cited(),
        Cited {
            title: "IVERMECTIN for Preventing Strongyloidiasis in Immuno-suppressed adults – a randomised trial."
                .into(),
            ..cited()
        },
        Cited { authors: vec!["Maria C. Valverde".into()], ..cited() },
        Cited { authors: vec!["VALVERDE, M. C.".into(), "OKONJO, T.".into()], ..cited() },
        Cited { authors: vec!["Valverde MC, Okonjo T, et al.".into()], ..cited() },
        Cited { journal: "Revista da Sociedade Brasileira de Medicina Tropical".into(), ..cited() },
        Cited { journal: "Rev. Soc. Bras. Med. Trop.".into(), ..cited() },
        Cited { year: Some(2017), ..cited() },
        Cited { doi: Some("https://doi.org/10.1590/0037-8682-0001-2018".into()), ..cited() },
        Cited { year: None, ..cited() },
    ];
    for cited in spellings {
        let judgement = verdict(&cited, &[record()]);
        assert_eq!((judgement.verdict, judgement.best), (Verdict::Verified, Some(0)), "{cited:?} {judgement:?}");
    }
}

#[test]
fn each_field_that_differs_is_corrected() {
    let cases: [(&str, Cited); 10] = [
        (
            "titulo",
            Cited {
                title: "Ivermectin for preventing strongyloidiasis in immunosuppressed adults: a trial".into(),
                ..cited()
            },
        ),
        ("autores", Cited { authors: vec!["Okonjo T".into()], ..cited() }),
        ("autores", Cited { authors: vec!["Valverde MC".into(), "Stranger P".into()], ..cited() }),
        ("autores", Cited { authors: vec!["Valverde MC".into(), "Lindqvist AB".into()], ..cited() }),
        ("autores", Cited { authors: vec!["Valverde PQ".into()], ..cited() }),
        ("revista", Cited { journal: "Lancet".into(), ..cited() }),
        ("ano", Cited { year: Some(2019), ..cited() }),
        ("ano", Cited { year: Some(2031), ..cited() }),
        ("doi", Cited { doi: Some("10.1590/other".into()), ..cited() }),
        (
            "autores",
            Cited {
                authors: ["Valverde MC", "Okonjo T", "Lindqvist AB", "Ferreira-Matos J", "Extra Q"]
                    .map(Into::into)
                    .into(),
                ..cited()
            },
        ),
    ];
    for (field, cited) in cases {
        let judgement = verdict(&cited, &[record()]);
        assert_eq!(judgement.verdict, Verdict::VerifiedWithCorrection, "{cited:?} {judgement:?}");
        assert_eq!(fields(&judgement), [field], "{cited:?}");
    }
    let wrong_year = verdict(&Cited { year: Some(2019), ..cited() }, &[record()]);
    assert_eq!((wrong_year.corrections[0].cited.as_str(), wrong_year.corrections[0].found.as_str()), ("2019", "2018"));
}

#[test]
fn a_real_title_under_foreign_authorship_is_never_verified() {
    let stolen = Cited { authors: vec!["Stranger P".into()], journal: "Lancet".into(), year: Some(2018), ..cited() };
    let judgement = verdict(&stolen, &[record()]);
    assert_eq!((judgement.verdict, judgement.reason), (Verdict::NotFound, Some(Reason::AuthorshipMismatch)));
    assert_eq!(judgement.best, Some(0), "worth showing");
    let bare = Cited { authors: Vec::new(), journal: String::new(), year: None, ..cited() };
    let judgement = verdict(&bare, &[record()]);
    assert_eq!((judgement.verdict, judgement.reason), (Verdict::NotFound, Some(Reason::TooLittle)));
}

#[test]
fn invented_and_empty_ones_are_not_found() {
    let invented =
        Cited { title: "Metformin for strongyloidiasis in healthy children: protocol of a registry".into(), ..cited() };
    let judgement = verdict(&invented, &[record()]);
    assert_eq!((judgement.verdict, judgement.reason), (Verdict::NotFound, Some(Reason::NoSimilarTitle)));
    assert_eq!(verdict(&cited(), &[]).reason, Some(Reason::NoSimilarTitle));
    let nothing = verdict(&Cited::default(), &[record()]);
    assert_eq!((nothing.verdict, nothing.reason), (Verdict::NotFound, Some(Reason::TooLittle)));
}

#[test]
fn keywords_need_five_and_every_other_field() {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let known = Cited {
        title: String::new(),
        keywords: words(&["strongyloidiasis", "ivermectin", "immunosuppressed", "adults", "randomised"]),
        ..cited()
    };
    assert_eq!(verdict(&known, &[record()]).verdict, Verdict::Verified);
    let four = Cited { keywords: known.keywords[..4].to_vec(), ..known.clone() };
    assert_eq!(verdict(&four, &[record()]).reason, Some(Reason::TooLittle));
    for weaker in [
        Cited { authors: vec!["Stranger P".into()], ..known.clone() },
        Cited { journal: "Lancet".into(), ..known.clone() },
        Cited { year: Some(2010), ..known.clone() },
        Cited {
            keywords: words(&["strongyloidiasis", "ivermectin", "albendazole", "adults", "randomised"]),
            ..known.clone()
        },
    ] {
        assert_eq!(verdict(&weaker, &[record()]).verdict, Verdict::NotFound, "{weaker:?}");
    }
    // Twice the same words by the same people in the same year: nobody can tell which.
    let second = Record { pmid: 101, title: format!("{} Part two", record().title), doi: None, ..record() };
    assert_eq!(verdict(&known, &[record(), second]).verdict, Verdict::Ambiguous);
}

#[test]
fn two_that_fit_alike_are_ambiguous_and_one_article_twice_is_not() {
    let near = |pmid| Record {
        pmid,
        title: "Ivermectin for preventing strongyloidiasis in immunosuppressed adults: a randomised trial (reply)."
            .into(),
        doi: None,
        ..record()
    };
    let other = Record {
        title: "Ivermectin for preventing strongyloidiasis in immunosuppressed adults: a randomised trial (letter)"
            .into(),
        ..near(102)
    };
    assert_eq!(verdict(&cited(), &[near(101), other]).verdict, Verdict::Ambiguous);
    // The exact title decides.
    assert_eq!(verdict(&cited(), &[near(101), record()]).best, Some(1));
    // The same article under two identifiers: the lower one, whatever their order.
    let again = Record { pmid: 99, doi: None, ..record() };
    for records in [[record(), again.clone()], [again, record()]] {
        let judgement = verdict(&cited(), &records);
        assert_eq!(judgement.verdict, Verdict::Verified);
        assert_eq!(records[judgement.best.unwrap()].pmid, 99);
    }
}

#[test]
fn a_notice_of_retraction_is_not_the_article() {
    let notice = Record { pmid: 7, flags: Flags { notice: true, ..Flags::default() }, ..record() };
    assert_eq!(verdict(&cited(), std::slice::from_ref(&notice)).verdict, Verdict::NotFound);
    let retracted = Record { flags: Flags { retracted: true, ..Flags::default() }, ..record() };
    let judgement = verdict(&cited(), &[notice, retracted]);
    assert_eq!((judgement.verdict, judgement.best), (Verdict::Verified, Some(1)));
}

#[test]
fn an_article_is_found_by_the_title_in_its_own_language() {
    let translated = Record {
        title: "[Heart failure in the elderly: an inland cohort].".into(),
        vernacular_title: Some("Insuficiência cardíaca no idoso: uma coorte do interior.".into()),
        ..record()
    };
    for title in
        ["Insuficiência cardíaca no idoso: uma coorte do interior", "Heart failure in the elderly: an inland cohort"]
    {
        let judgement = verdict(&Cited { title: title.into(), ..cited() }, std::slice::from_ref(&translated));
        assert_eq!(judgement.verdict, Verdict::Verified, "{title}");
    }
}

#[test]
fn hostile_texts_are_only_not_found() {
    let long = "a ".repeat(20_000);
    for text in ["\u{0}\u{202e}", "%%%%", long.as_str(), "<script>alert(1)</script>", "🩺🩺🩺", "&amp;&amp;lt;"] {
        let hostile = Cited {
            title: text.into(),
            authors: vec![text.into(); 3],
            journal: text.into(),
            year: Some(0),
            keywords: vec![text.into()],
            doi: Some(text.into()),
        };
        assert_eq!(verdict(&hostile, &[record(), Record::default()]).verdict, Verdict::NotFound);
        let _ = is_guideline(&hostile);
    }
}

#[test]
fn brazilian_norms_are_recognised() {
    let norm = |title: &str| Cited { title: title.into(), ..Cited::default() };
    for title in [
        "Portaria GM/MS nº 1.234, de 5 de maio de 2020",
        "PCDT da Hepatite C",
        "Resolução CFM nº 2.454/2026",
        "RDC nº 786/2023",
        "Nota técnica 12/2021",
        "Relatório da CONITEC",
        "Protocolo Clínico de Dor Crônica",
        "Diretriz Brasileira de Asma",
    ] {
        assert!(is_guideline(&norm(title)), "{title}");
    }
    assert!(!is_guideline(&cited()));
}
