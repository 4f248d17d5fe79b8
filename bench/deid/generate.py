"""Writes synthetic Brazilian clinical chat messages, one a line, until they add up to a size.

Everything is invented: Faker's pt_BR identifiers between vitals, doses and laboratory values. The seed is
fixed, so two runs with the same Faker write the same bytes.
"""

import random
import sys

from faker import Faker

SEED = 20260115

COMPLAINTS = [
    "dor torácica em aperto há 2 horas, irradiando para o membro superior esquerdo",
    "dispneia aos médios esforços e edema de membros inferiores há 3 semanas",
    "cefaleia holocraniana de forte intensidade, com fotofobia e náuseas",
    "febre de 38,9 °C há 4 dias, tosse produtiva e dor pleurítica à direita",
    "dor abdominal em fossa ilíaca direita, Blumberg positivo",
    "poliúria, polidipsia e perda de 8 kg em 2 meses",
    "lesão eritematosa descamativa em face, com piora ao sol",
    "tremor de repouso e bradicinesia, em investigação de doença de Parkinson",
    "palpitações, com história de doença de Chagas e marca-passo em 2019",
    "dor lombar crônica com irradiação para L5, Lasègue positivo",
]
LABS = [
    "Hb 10,2 g/dL, leucócitos 12.500/mm³, plaquetas 150.000/mm³",
    "Na 138, K 4,2, Cr 1,2 mg/dL, Ur 45 mg/dL",
    "troponina 0,04 ng/mL, CK-MB 12 U/L, D-dímero 850 ng/mL",
    "gasometria: pH 7,32 pCO2 48 pO2 65 HCO3 22",
    "TSH 2,45 µUI/mL, HbA1c 9,2%, LDL 160 mg/dL",
    "PCR 128 mg/L, VHS 80 mm/h, procalcitonina 2,5 ng/mL",
]
CONDUCTS = [
    "iniciada ceftriaxona 1 g EV 12/12h e azitromicina 500 mg por 5 dias",
    "mantenho losartana 50 mg 12/12h e associo anlodipino 5 mg à noite",
    "AAS 300 mg, clopidogrel 300 mg e enoxaparina 60 mg SC 12/12h",
    "soro fisiológico 0,9% 1000 mL em 8 h, dipirona 1 g EV se dor",
    "solicitado TC de crânio sem contraste e avaliação da neurologia",
    "reavaliar em 48 h; se piora, internar em leito de enfermaria",
]
QUESTIONS = [
    "Qual a melhor conduta?",
    "Devo ajustar a dose pela função renal?",
    "Quais diagnósticos diferenciais considerar?",
    "Há indicação de internação hospitalar?",
]


def message(rng: random.Random, fake: Faker) -> str:
    """One message: an introduction, the case, and in most of them a few identifiers."""
    name = fake.name()
    age = rng.randint(18, 92)
    opening = rng.choice(
        [
            f"Paciente {name}, {age} anos,",
            f"Paciente de {age} anos, sexo {rng.choice(['masculino', 'feminino'])},",
            f"{rng.choice(['Sr.', 'Sra.'])} {name}, {age} anos, hipertensa e diabética,",
            f"Acompanho {name.lower()}, {age} anos,",
        ]
    )
    identifiers = [
        f"CPF {fake.cpf()}",
        f"cpf {fake.cpf().replace('.', '').replace('-', '')}",
        f"tel {fake.cellphone_number()}",
        f"prontuário nº {rng.randint(10_000, 999_999)}",
        f"RG {fake.rg()}",
        f"nascida em {fake.date_of_birth(minimum_age=18).strftime('%d/%m/%Y')}",
        f"mora na {fake.street_name()}, {rng.randint(1, 3000)}, CEP {fake.postcode()}",
        f"e-mail {fake.free_email()}",
        f"CNS {rng.choice('78')}{rng.randint(0, 10**14 - 1):014d}",
    ]
    chosen = rng.sample(identifiers, rng.choice([0, 0, 1, 1, 2, 3]))
    vitals = (
        f"PA {rng.randint(9, 20)}0x{rng.randint(5, 11)}0 mmHg, FC {rng.randint(50, 140)} bpm, "
        f"FR {rng.randint(12, 32)} irpm, SatO2 {rng.randint(85, 99)}%, Tax 3{rng.randint(5, 9)},{rng.randint(0, 9)} °C"
    )
    parts = [
        f"{opening} {', '.join(chosen) + ', ' if chosen else ''}refere {rng.choice(COMPLAINTS)}.",
        f"Ao exame: {vitals}, Glasgow 15, bulhas rítmicas, murmúrio vesicular presente.",
        f"Exames de {fake.date_this_year().strftime('%d/%m/%Y')}: {rng.choice(LABS)}.",
        f"Conduta: {rng.choice(CONDUCTS)}.",
        rng.choice(QUESTIONS),
    ]
    return " ".join(parts)


def messages(size: int) -> list[str]:
    """Messages of at least `size` bytes of UTF-8 together."""
    rng = random.Random(SEED)
    Faker.seed(SEED)
    fake = Faker("pt_BR")
    written, total = [], 0
    while total < size:
        text = message(rng, fake).replace("\n", " ")
        written.append(text)
        total += len(text.encode())
    return written


if __name__ == "__main__":
    sys.stdout.write("\n".join(messages(int(sys.argv[1]))) + "\n")
