//! Common Brazilian surnames.

use super::Entry as E;

pub(super) const WORDS: &[(u32, &str)] = &[(
    E::SURNAME,
    "filho junior segundo prudente silva santos oliveira souza sousa rodrigues ferreira alves pereira lima gomes costa ribeiro martins carvalho
     almeida lopes soares fernandes vieira barbosa rocha dias nascimento andrade moreira nunes marques machado
     mendes freitas cardoso ramos goncalves santana teixeira araujo pinto cavalcanti cavalcante cunha borges
     castro campos moura duarte reis morais moraes medeiros azevedo correia correa monteiro melo mello nogueira
     batista pires dantas farias farinha sales salles xavier bezerra brito britto siqueira sequeira viana vianna
     guimaraes barros macedo leite amaral coelho matos mattos miranda antunes fonseca neves tavares pacheco rangel
     braga chaves peixoto magalhaes figueiredo nobrega leal bastos camargo torres assis franco prado aguiar
     cruz luz paiva lacerda queiroz vasconcelos vasconcellos marinho amorim toledo domingues bueno pimentel sampaio
     furtado lins gama maia maciel rezende resende coutinho simoes esteves vargas brandao portela fontes
     bittencourt bitencourt valente caldas mota motta paes pessoa galvao guerra arruda falcao evangelista guedes
     sena senna varela veloso velloso pedrosa padilha menezes meneses muniz muniz moniz chagas conceicao jesus
     trindade rosario assuncao abreu alencar alcantara alvarenga anjos aragao aranha araripe arantes assumpcao
     avila baptista barreto barroso bernardes bessa bonfim bomfim branco brum cabral caetano camara cambui
     caminha capistrano carneiro cerqueira chagas cintra claudino conde cordeiro cortez couto custodio damasceno
     delgado dorneles dornelles drumond drummond dutra espindola espirito estrela fagundes feijo feitosa felix
     ferraz ferro fialho fraga franca galdino garcia gentil gil giacomini goes godoi godoy gouveia gouvea
     gusmao henriques holanda hora horta inacio jardim junqueira lage lago laranjeira leao lemos linhares lira
     lobato lobo loureiro lourenco lucena luna macieira madeira madureira maldonado malta marcondes mariano
     marcelino medina meira meireles meirelles mesquita messias milani modesto montenegro moraes moscoso mourao
     naves negrao negreiros negri neiva novaes novais ornelas ortega ortiz osorio pacifico palhares palma
     parente passos patricio paz pecanha penha penna pena perez peres pestana pimenta pinheiro pinho pontes porto
     portugal prates proenca quadros quaresma queiros rabelo rebelo rebello rego ribas rios rocha rolim romano
     romao romero rosa rosas sa saldanha salgado salgueiro salomao sanches sanchez sant santiago saraiva sardinha
     schmidt schneider schultz serafim serra serrano severino silveira silverio soeiro sobral sobrinho sodre
     spinola taborda teles telles tenorio tinoco trajano travassos trevisan uchoa valadares vale valle valenca
     valerio vaz veiga veras viegas vidal vilela villela vilar villar villela vitor wagner weber werneck zanetti
     zanella zanini zago yamamoto tanaka sato suzuki nakamura kobayashi watanabe takahashi yamada ito oshiro
     rossi ferrari bianchi russo romano ricci moretti bertolini marchetti martinelli lombardi conti colombo
     muller becker hoffmann fischer meyer klein wolf krause lange koch bauer richter schulz schwarz
     kowalski nowak haddad khoury nasser salim maluf abdala abdalla jorge elias saad
     quintanilha quintela quirino ramalho raposo ravanelli regis rosendo ruas rufino sabino sacramento salustiano
     severo simao soler sabino souto tolentino torquato tourinho valadao vanzella ventura viveiros zanon
     boaventura bonifacio braganca cajueiro calixto candido capela carrijo carmo castanho castilho catao
     celestino cirilo clemente crispim dalla damiao diniz diogenes ermirio escobar espinosa estevam estevao
     eustaquio falcon faustino filgueiras florencio floriano fortes fortunato frazao freire frota fuentes
     garrido germano gurgel hermes hilario honorato imperial ivo jacinto jatoba justino ladeira lameira lara
     leitao leonel lessa lucas macena malheiros manso manzano maranhao marcal mascarenhas mata matta mateus matias
     miguel minas moises mendonca mora morales moura mussi napoleao nazario nery netto neto nogueira nolasco
     nonato norberto novaes olimpio palmeira pedroso peralta pereyra pinheiros piquet pitanga pizarro
     policarpo prestes quevedo rabello ribeirao rivera roque rosalino sandoval santarem sarmento seabra silvestre
     siqueira soriano tabosa taveira thomaz tibirica tomaz travassos urbano uribe valentim ventura verissimo
     vicente vilas vilaca vital zambrano zanatta",
)];
