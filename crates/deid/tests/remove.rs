//! Personal data in ward prose that must go. Everybody in here is invented.

use sigilo_deid::Kind::{self, *};
use sigilo_deid::scan;

type Case = (&'static str, &'static [(Kind, &'static str)]);

#[rustfmt::skip]
const NUMBERS: &[Case] = &[
    // CPF
    ("CPF 123.456.789-00", &[(Cpf, "123.456.789-00")]),
    ("cpf 12345678900", &[(Cpf, "12345678900")]),
    ("CPF: 529.982.247-25", &[(Cpf, "529.982.247-25")]),
    ("CPF nº 529982247-25", &[(Cpf, "529982247-25")]),
    ("cpf do paciente: 529 982 247 25", &[(Cpf, "529 982 247 25")]),
    ("inscrito no CPF sob o nº 529.982.247-25", &[(Cpf, "529.982.247-25")]),
    ("veio sem documento, só falou 529.982.247-25", &[(Cpf, "529.982.247-25")]),
    ("52998224725 confirmado no sistema", &[(Cpf, "52998224725")]),
    ("111.222.333-44 internada ontem", &[(Cpf, "111.222.333-44")]),
    ("CPF529.982.247-25", &[(Cpf, "529.982.247-25")]),
    ("cpf:529982247.25", &[(Cpf, "529982247.25")]),
    ("CPF 529.982.247 - 25", &[(Cpf, "529.982.247 - 25")]),
    ("CPF ５２９.982.247-25", &[(Cpf, "５２９.982.247-25")]),
    ("CPF 529\u{200b}.982.247-25", &[(Cpf, "529\u{200b}.982.247-25")]),
    ("CPF 529.982.247-2O", &[(Cpf, "529.982.247-2O")]),
    ("CPF l23.456.789-OO", &[(Cpf, "l23.456.789-OO")]),
    ("C.P.F. 529.982.247-25 da mãe", &[(Cpf, "529.982.247-25")]),
    ("cpf 000.000.000-00", &[(Cpf, "000.000.000-00")]),
    // Telefone
    ("tel: 11999990000", &[(Telefone, "11999990000")]),
    ("(11) 99999-0000", &[(Telefone, "(11) 99999-0000")]),
    ("+55 11 99999-0000", &[(Telefone, "+55 11 99999-0000")]),
    ("+55 (21) 98888 7777", &[(Telefone, "+55 (21) 98888 7777")]),
    ("5511999990000 no zap", &[(Telefone, "5511999990000")]),
    ("whats 21 98765-4321", &[(Telefone, "21 98765-4321")]),
    ("ligar para 3333-4444", &[(Telefone, "3333-4444")]),
    ("telefone fixo 11 3333-4444", &[(Telefone, "11 3333-4444")]),
    ("fone (31)3222-1100", &[(Telefone, "(31)3222-1100")]),
    ("celular da filha: 98888-7777", &[(Telefone, "98888-7777")]),
    ("tel 33334444", &[(Telefone, "33334444")]),
    ("contato 9 8888 7777", &[(Telefone, "9 8888 7777")]),
    ("11 99999.0000", &[(Telefone, "11 99999.0000")]),
    ("(011) 99999-0000", &[(Telefone, "(011) 99999-0000")]),
    ("0800 123 4567", &[(Telefone, "0800 123 4567")]),
    ("tel. 3333-4444 / 99999-0000", &[(Telefone, "3333-4444"), (Telefone, "99999-0000")]),
    ("tel 33334444 ou 999990000", &[(Telefone, "33334444"), (Telefone, "999990000")]),
    ("recado com a vizinha 85 9 8765 4321", &[(Telefone, "85 9 8765 4321")]),
    ("WhatsApp:(85)98765-4321", &[(Telefone, "(85)98765-4321")]),
    ("anotei 98765-4321 no papel", &[(Telefone, "98765-4321")]),
    // RG
    ("RG 12.345.678-9", &[(Rg, "12.345.678-9")]),
    ("RG: 12345678-9 SSP/SP", &[(Rg, "12345678-9")]),
    ("rg 123456789", &[(Rg, "123456789")]),
    ("identidade 1.234.567", &[(Rg, "1.234.567")]),
    ("RG nº MG-12.345.678", &[(Rg, "MG-12.345.678")]),
    ("apresentou MG-12.345.678", &[(Rg, "MG-12.345.678")]),
    ("documento 24.678.131-X", &[(Rg, "24.678.131-X")]),
    ("R.G. 12.345.678-9", &[(Rg, "12.345.678-9")]),
    ("carteira de identidade nº 98.765.432-1", &[(Rg, "98.765.432-1")]),
    // CEP
    ("CEP 01310-100", &[(Cep, "01310-100")]),
    ("cep: 01310100", &[(Cep, "01310100")]),
    ("CEP 01.310-100", &[(Cep, "01.310-100")]),
    ("mora perto, 01310-100", &[(Cep, "01310-100")]),
    ("cep 01310 100", &[(Cep, "01310 100")]),
    // Prontuário
    ("prontuário nº 123456", &[(Prontuario, "123456")]),
    ("pront. 98765", &[(Prontuario, "98765")]),
    ("Prontuário: 123.456-7", &[(Prontuario, "123.456-7")]),
    ("prontuario 4521", &[(Prontuario, "4521")]),
    ("PRONT 0012345", &[(Prontuario, "0012345")]),
    ("prontuário do paciente nº 55512", &[(Prontuario, "55512")]),
    ("prontuário eletrônico n. 778899", &[(Prontuario, "778899")]),
    ("prontuário HC-123456", &[(Prontuario, "HC-123456")]),
    ("nº de atendimento 8877665", &[(Prontuario, "8877665")]),
    ("registro hospitalar 445566", &[(Prontuario, "445566")]),
    ("matrícula 1234567", &[(Prontuario, "1234567")]),
    // CNS
    ("CNS 700 1234 5678 9012", &[(Cns, "700 1234 5678 9012")]),
    ("CNS 700123456789012", &[(Cns, "700123456789012")]),
    ("cartão SUS 994 3962 3510 8209", &[(Cns, "994 3962 3510 8209")]),
    ("cartão nacional de saúde: 704928500628102", &[(Cns, "704928500628102")]),
    ("110282595260008", &[(Cns, "110282595260008")]),
    ("cns 898.0012.3456.7890", &[(Cns, "898.0012.3456.7890")]),
    // CNPJ
    ("CNPJ 04.859.666/0001-50", &[(Cnpj, "04.859.666/0001-50")]),
    ("clínica 04859666000150", &[(Cnpj, "04859666000150")]),
    ("CNPJ 12.ABC.345/01DE-35", &[(Cnpj, "12.ABC.345/01DE-35")]),
    ("cnpj 12ABC34501DE35", &[(Cnpj, "12ABC34501DE35")]),
    ("empresa BY.9F5.W9W/DYO8-10", &[(Cnpj, "BY.9F5.W9W/DYO8-10")]),
    // Nascimento
    ("DN 12/03/1980", &[(Nascimento, "12/03/1980")]),
    ("DN: 12/03/80", &[(Nascimento, "12/03/80")]),
    ("nasc. 01-02-1975", &[(Nascimento, "01-02-1975")]),
    ("nascido em 5 de maio de 1962", &[(Nascimento, "5 de maio de 1962")]),
    ("nascida em 1º de janeiro de 1990", &[(Nascimento, "1º de janeiro de 1990")]),
    ("data de nascimento: 1980-03-12", &[(Nascimento, "1980-03-12")]),
    ("Data de nascimento do paciente 12.03.1980", &[(Nascimento, "12.03.1980")]),
    ("nascimento 12031980", &[(Nascimento, "12031980")]),
    ("D.N. 12/03/1980", &[(Nascimento, "12/03/1980")]),
    ("RN nascido de parto normal em 12/03/2024", &[(Nascimento, "12/03/2024")]),
    ("nasceu no dia 12/03/1980", &[(Nascimento, "12/03/1980")]),
    ("dt nasc 12/mar/1980", &[(Nascimento, "12/mar/1980")]),
    ("nascida aos 12/03/1980, internada em 10/10/2024", &[(Nascimento, "12/03/1980")]),
    // CRM, COREN
    ("CRM-SP 123456", &[(Crm, "123456")]),
    ("CRM/RJ 52.12345-6", &[(Crm, "52.12345-6")]),
    ("CRM 123456-SP", &[(Crm, "123456-SP")]),
    ("CRM: 12345/MG", &[(Crm, "12345/MG")]),
    ("crm sp 98765", &[(Crm, "98765")]),
    ("CRM-AC 1234", &[(Crm, "1234")]),
    ("RQE 45678", &[(Crm, "45678")]),
    ("COREN-SP 123.456-ENF", &[(Coren, "123.456-ENF")]),
    ("COREN 123456-TE", &[(Coren, "123456-TE")]),
    ("Coren/BA 654321", &[(Coren, "654321")]),
    // Placa, PIX, IP
    ("placa ABC1D23", &[(Placa, "ABC1D23")]),
    ("placa ABC-1234", &[(Placa, "ABC-1234")]),
    ("veículo de placa abc 1234", &[(Placa, "abc 1234")]),
    ("atropelado pelo QRS2E34", &[(Placa, "QRS2E34")]),
    ("carro BXZ-4521 fugiu", &[(Placa, "BXZ-4521")]),
    ("chave pix f41ab79e-8447-4270-9b76-75e651c50d4c", &[(Pix, "f41ab79e-8447-4270-9b76-75e651c50d4c")]),
    ("pix 29258819-fbb8-4727-8dde-e0e8ce8aaa29", &[(Pix, "29258819-fbb8-4727-8dde-e0e8ce8aaa29")]),
    ("chave pix 529.982.247-25", &[(Cpf, "529.982.247-25")]),
    ("chave pix joana.teste@exemplo.com.br", &[(Email, "joana.teste@exemplo.com.br")]),
    ("acesso de 192.168.0.15", &[(Ip, "192.168.0.15")]),
    ("IP 200.147.3.157:8080", &[(Ip, "200.147.3.157")]),
    ("IPv6 2001:db8:85a3::8a2e:370:7334", &[(Ip, "2001:db8:85a3::8a2e:370:7334")]),
    ("fe80::1ff:fe23:4567:890a", &[(Ip, "fe80::1ff:fe23:4567:890a")]),
    // E-mail, URL
    ("maria@exemplo.com.br", &[(Email, "maria@exemplo.com.br")]),
    ("e-mail: j.silva+exames@hospital.exemplo.org.", &[(Email, "j.silva+exames@hospital.exemplo.org")]),
    ("EMAIL FULANO_1980@EXEMPLO.COM", &[(Email, "FULANO_1980@EXEMPLO.COM")]),
    ("joão@exemplo.com", &[(Email, "joão@exemplo.com")]),
    ("12345678900@exemplo.com", &[(Email, "12345678900@exemplo.com")]),
    ("https://exemplo.com.br/laudo?id=123.", &[(Url, "https://exemplo.com.br/laudo?id=123")]),
    ("veja www.exemplo.com.br/maria", &[(Url, "www.exemplo.com.br/maria")]),
    ("resultado em laboratorio.exemplo.com.br, senha ok", &[(Url, "laboratorio.exemplo.com.br")]),
    ("(http://exemplo.org/a)", &[(Url, "http://exemplo.org/a")]),
];

#[rustfmt::skip]
const ADDRESSES: &[Case] = &[
    ("Rua das Flores, 123, apto 45", &[(Endereco, "Rua das Flores, 123, apto 45")]),
    ("Av. Paulista 1000", &[(Endereco, "Av. Paulista 1000")]),
    ("mora na rua das palmeiras, 55", &[(Endereco, "rua das palmeiras, 55")]),
    ("reside à Rua Sete de Abril, 230, 4º andar", &[(Endereco, "Rua Sete de Abril, 230")]),
    ("Rua 15 de Novembro, 100 - Centro", &[(Endereco, "Rua 15 de Novembro, 100 - Centro")]),
    ("Endereço: Travessa do Sossego, s/n", &[(Endereco, "Travessa do Sossego, s/n")]),
    ("Alameda Santos nº 1200 bloco B apto 31", &[(Endereco, "Alameda Santos nº 1200 bloco B apto 31")]),
    ("R. Augusta, 500", &[(Endereco, "R. Augusta, 500")]),
    ("Avenida Brasil, 4500, Jardim América, Goiânia - GO", &[(Endereco, "Avenida Brasil, 4500, Jardim América, Goiânia - GO")]),
    ("Rodovia Anhanguera km 20", &[(Endereco, "Rodovia Anhanguera km 20")]),
    ("RUA DAS ACÁCIAS, 77, BAIRRO CENTRO", &[(Endereco, "RUA DAS ACÁCIAS, 77, BAIRRO CENTRO")]),
    ("Praça da Sé, 10, CEP 01001-000", &[(Endereco, "Praça da Sé, 10"), (Cep, "01001-000")]),
    ("av brasil 1500 casa 2", &[(Endereco, "av brasil 1500 casa 2")]),
    ("rua joão pessoa 300", &[(Endereco, "rua joão pessoa 300")]),
    ("Estrada do Campo Limpo, 4321", &[(Endereco, "Estrada do Campo Limpo, 4321")]),
    ("achado na Rua Augusta desacordado", &[(Endereco, "Rua Augusta")]),
    ("Av. Dr. Arnaldo, 455", &[(Endereco, "Av. Dr. Arnaldo, 455")]),
    ("Rua Conde d'Eu, 12", &[(Endereco, "Rua Conde d'Eu, 12")]),
];

#[rustfmt::skip]
const NAMES: &[Case] = &[
    ("paciente Maria", &[(Nome, "Maria")]),
    ("Paciente Zuleimara Brelozado, CPF a conferir", &[(Nome, "Zuleimara Brelozado")]),
    ("Paciente Otília Grandente refere dor", &[(Nome, "Otília Grandente")]),
    ("paciente maria da silva refere dor", &[(Nome, "maria da silva")]),
    ("Paciente: João dos Santos, 45 anos", &[(Nome, "João dos Santos")]),
    ("PACIENTE JOSÉ CARLOS PEREIRA, 60 ANOS", &[(Nome, "JOSÉ CARLOS PEREIRA")]),
    ("Sr. Antônio com dispneia", &[(Nome, "Antônio")]),
    ("Sra. Conceição internada", &[(Nome, "Conceição")]),
    ("dona Rosa melhorou", &[(Nome, "Rosa")]),
    ("Dona Glória e seu Joaquim", &[(Nome, "Glória"), (Nome, "Joaquim")]),
    ("D. Maria das Dores", &[(Nome, "Maria das Dores")]),
    ("mãe: Josefa Lima", &[(Nome, "Josefa Lima")]),
    ("filho João Pedro", &[(Nome, "João Pedro")]),
    ("acompanhante Severina", &[(Nome, "Severina")]),
    ("nome: Zuleidiane Xavantes", &[(Nome, "Zuleidiane Xavantes")]),
    ("Nome completo: Ana Beatriz de Souza", &[(Nome, "Ana Beatriz de Souza")]),
    ("nome da mãe: Francisca das Chagas", &[(Nome, "Francisca das Chagas")]),
    ("chama-se Raimundo", &[(Nome, "Raimundo")]),
    ("a paciente se chama Jussara", &[(Nome, "Jussara")]),
    ("chamado Gilberto, encontrado caído", &[(Nome, "Gilberto")]),
    ("Dr. Carlos Lima avaliou", &[(Nome, "Carlos Lima")]),
    ("Dra. Fernanda de Alcântara", &[(Nome, "Fernanda de Alcântara")]),
    ("dr. roberto passou visita", &[(Nome, "roberto")]),
    ("Enf. Juliana puncionou", &[(Nome, "Juliana")]),
    ("Profa. Márcia Tavares", &[(Nome, "Márcia Tavares")]),
    ("enfermeira Cláudia", &[(Nome, "Cláudia")]),
    ("filha Rosângela, esposa Ivone", &[(Nome, "Rosângela"), (Nome, "Ivone")]),
    ("acompanhada da irmã Luzia", &[(Nome, "Luzia")]),
    ("filho de Maria Aparecida", &[(Nome, "Maria Aparecida")]),
    ("RN de Jéssica Ferreira", &[(Nome, "Jéssica Ferreira")]),
    ("responsável legal: Wellington Souza", &[(Nome, "Wellington Souza")]),
    ("o marido, Sr. Osvaldo, autorizou", &[(Nome, "Osvaldo")]),
    ("Carlos Eduardo refere cefaleia", &[(Nome, "Carlos Eduardo")]),
    ("conversei com Luciana sobre a alta", &[(Nome, "Luciana")]),
    ("joana nega febre", &[(Nome, "joana")]),
    ("ana paula melhorou", &[(Nome, "ana paula")]),
    ("Rosa Silva, 72 anos", &[(Nome, "Rosa Silva")]),
    ("Vitória Souza Santos", &[(Nome, "Vitória Souza Santos")]),
    ("Maria da Conceição Neves", &[(Nome, "Maria da Conceição Neves")]),
    ("Pedro Henrique D'Ávila", &[(Nome, "Pedro Henrique D'Ávila")]),
    ("Maria A. Souza internou", &[(Nome, "Maria A. Souza")]),
    ("Sr. J. A. Souza", &[(Nome, "J. A. Souza")]),
    ("paciente Wilson", &[(Nome, "Wilson")]),
    ("paciente Rosa", &[(Nome, "Rosa")]),
    ("Sr. Delgado", &[(Nome, "Delgado")]),
    ("Sra. Branca", &[(Nome, "Branca")]),
    ("Dr. Parkinson", &[(Nome, "Parkinson")]),
    ("assinado: Helena Prado", &[(Nome, "Helena Prado")]),
    ("Ana-Maria Fontes", &[(Nome, "Ana-Maria Fontes")]),
    ("Jose\u{301} Carlos", &[(Nome, "Jose\u{301} Carlos")]),
    ("paciente Kawane Ketlen", &[(Nome, "Kawane Ketlen")]),
    ("MARIA DE LOURDES ALMEIDA", &[(Nome, "MARIA DE LOURDES ALMEIDA")]),
    ("Vitória, 5 anos, asma", &[(Nome, "Vitória")]),
    ("Joaquim Barbosa Filho internou", &[(Nome, "Joaquim Barbosa Filho")]),
    ("Sr. José Alves Júnior", &[(Nome, "José Alves Júnior")]),
    ("NOME: MARIA JOSE DA CONCEICAO IDADE: 67", &[(Nome, "MARIA JOSE DA CONCEICAO")]),
    ("MARIA IVATÔNIA assinou", &[(Nome, "MARIA IVATÔNIA")]),
    ("RICARDO WESTPHALEN NETO, 50 anos", &[(Nome, "RICARDO WESTPHALEN NETO")]),
    ("MARIA VOMITOU HOJE", &[(Nome, "MARIA")]),
    ("cuidadora Neide", &[(Nome, "Neide")]),
    ("Gustavo e Thiago discutiram o caso", &[(Nome, "Gustavo"), (Nome, "Thiago")]),
    ("avó Benedita e tia Zilda", &[(Nome, "Benedita"), (Nome, "Zilda")]),
];

/// Names in one place that give the word away in another.
#[rustfmt::skip]
const CARRIED: &[Case] = &[
    ("Zuleica voltou. Paciente Zuleica.", &[(Nome, "Zuleica"), (Nome, "Zuleica")]),
    ("paciente Maria Silva; MARIA nega; a silva", &[(Nome, "Maria Silva"), (Nome, "MARIA"), (Nome, "silva")]),
    ("Sr. José veio. jose nega dor. JOSE dorme.", &[(Nome, "José"), (Nome, "jose"), (Nome, "JOSE")]),
    ("Dona Rosa: manchas rosa. Rosa melhor.", &[(Nome, "Rosa"), (Nome, "Rosa")]),
    ("Maria Dias com febre há 3 dias. Dias piorou.", &[(Nome, "Maria Dias"), (Nome, "Dias")]),
    ("dona rosa voltou; a rosa está bem", &[(Nome, "rosa"), (Nome, "rosa")]),
];

fn check(cases: &[Case]) {
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let found: Vec<_> = scan(text).iter().map(|d| (d.kind, &text[d.start..d.end])).collect();
        if found != *expected {
            wrong.push(format!("{text:?}\n  expected {expected:?}\n  found    {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn there_are_enough_cases() {
    let data: usize = [NUMBERS, ADDRESSES, NAMES, CARRIED].iter().flat_map(|t| t.iter()).map(|c| c.1.len()).sum();
    assert!(data >= 150, "{data}");
}

#[test]
fn numbers_and_contacts_go() {
    check(NUMBERS);
}

#[test]
fn addresses_go_with_their_complements() {
    check(ADDRESSES);
}

#[test]
fn names_go() {
    check(NAMES);
}

#[test]
fn names_are_carried_through_the_text() {
    check(CARRIED);
}
